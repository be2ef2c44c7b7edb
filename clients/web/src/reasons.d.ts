// The types of reasons.js.

/** By reason: what the person is told, of what happened and what they can do. `other` is for a reason that is not listed. */
export const forPerson: Readonly<Record<string, string>>;
/** By reason: what an administrator or developer can check. */
export const forAdministrator: Readonly<Record<string, string>>;
