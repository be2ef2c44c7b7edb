// The error of this module. What to make of errors is in troubles.js, which is loaded apart.

/** A sentence for the person by reason, of which any may be replaced. Those that are missing are loaded. */
export const sentences = {};

/** Why there is no session, or why something was not sent or not loaded. */
export class PoziError extends Error {
  constructor(reason, more = {}) {
    super(more.description ?? more.cause?.message ?? reason, more);
    Object.assign(this, more, { name: "PoziError", reason });
  }

  get forPerson() {
    return sentences[this.reason] ?? `${sentences.other} “${this.reason}”.`;
  }
}

/**
 * Loads what is only needed when something goes wrong. createSession() already asks for it, so that it is there when the
 * network is not.
 */
export const troubles = () =>
  import("./troubles.js").then(
    (loaded) => {
      // What the Web App has set stays.
      Object.assign(sentences, { ...loaded.forPerson, ...sentences });
      return loaded;
    },
    (cause) => {
      throw new PoziError("network", { cause });
    },
  );
