// Shows the claims of a token as a table, with a note on each of the important ones.

import { make } from "./elements.js";
import { relative } from "./jwt.js";

/** The claims of Entra's access tokens. Those in `first` are shown first, in this order. */
export const ENTRA_NOTES = {
  first: {
    name: "Who signed in. For display only: names change and are not unique.",
    tid: "The tenant. The exchange uses it to find the site.",
    oid: "The person's permanent id in the tenant. With tid it becomes the session's sub.",
    aud: "Who the token is for. It must be the site's app registration.",
    scp: "What the application may do for the person. It must include user_impersonation.",
    groups: "The person's groups. The decision is based on them.",
    _claim_names: "The person is in too many groups to list, so Entra only refers to them. The exchange refuses the token.",
    hasgroups: "The person is in too many groups to list, so Entra only says that there are some. The exchange refuses the token.",
    roles: "Roles of the application. The exchange ignores them, unless the site file says that groups are emitted as roles.",
    exp: "When the token expires. No session outlives it.",
  },
  more: {
    iss: "Who issued it. It must match the tenant and the version.",
    ver: "The version of the token format. 1.0 and 2.0 are accepted alike.",
    appid: "The application that requested it. It must be registered for the site.",
    azp: "The application that requested it. It must be registered for the site.",
    upn: "The person's sign-in name. For display only.",
    preferred_username: "The person's sign-in name. For display only.",
    idp: "Where a guest's account comes from.",
    iat: "When it was issued.",
    nbf: "When it becomes valid.",
    uti: "The sign-in's id in Entra's log. The exchange writes it to its own log as well.",
  },
};

/** The claims of a session. */
export const SESSION_NOTES = {
  first: {
    scope: "The catalogues that the session opens, to read, to write or to download.",
    aud: "The map server that the session is for.",
    sub: "The tenant and the person, by their ids in Entra.",
    enforced_scope: "The part of the scope that the site's rules allow. The rules are only observed, so the session opens all of it.",
    exp: "When the session expires. Only another exchange gives a later one.",
  },
  more: {
    iss: "The exchange that issued it. Its published keys verify it.",
    iat: "When it was issued.",
    jti: "The session's id, which the log has too.",
    client_id: "The application that requested it.",
    tid: "The tenant.",
    policy_revision: "The revision of the site's document that decided. Servers may refuse older ones.",
  },
};

/** The header of a session. */
export const HEADER_NOTES = {
  first: {
    typ: "Distinguishes a session from other kinds of token.",
    alg: "The signature algorithm. Verifiers accept only the one they are set to.",
    kid: "The id of the published key that verifies it.",
  },
  more: {},
};

const TIMES = new Set(["exp", "iat", "nbf", "auth_time"]);

/** The claims as a table: those in `notes.first`, then the others, collapsed. `label` is the table's caption. */
export function claimsTable(claims, notes, label, testid) {
  const first = Object.keys(notes.first).filter((name) => Object.hasOwn(claims, name));
  const others = [...new Set([...Object.keys(notes.more), ...Object.keys(claims)])].filter(
    (name) => Object.hasOwn(claims, name) && !first.includes(name),
  );
  const meanings = { ...notes.first, ...notes.more };
  return make(
    "div",
    { class: "claims", "data-testid": testid },
    table(first, claims, meanings, label),
    others.length > 0 &&
      make(
        "details",
        {},
        make("summary", {}, `More (${others.length})`),
        table(others, claims, meanings, `${label} (more)`),
      ),
  );
}

function table(names, claims, notes, label) {
  const rows = names.map((name) =>
    make(
      "tr",
      { "data-claim": name },
      make("th", { scope: "row" }, make("code", {}, name)),
      make("td", {}, value(name, claims[name]), Object.hasOwn(notes, name) && make("p", { class: "note" }, notes[name])),
    ),
  );
  const head = ["Claim", "Value and meaning"].map((text) =>
    make("th", { scope: "col" }, make("span", { class: "visually-hidden" }, text)),
  );
  return make(
    "table",
    {},
    make("caption", { class: "visually-hidden" }, label),
    make("thead", {}, make("tr", {}, head)),
    make("tbody", {}, rows),
  );
}

function value(name, claim) {
  if (TIMES.has(name) && Number.isFinite(claim)) {
    const time = new Date(claim * 1000);
    const clock = make("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-AU", { hour12: false }));
    return make("span", { class: "value" }, clock, ` (${relative(claim)})`);
  }
  if (Array.isArray(claim) && claim.every((item) => typeof item === "string")) {
    if (claim.length === 0) return make("span", { class: "value" }, "none");
    return make("ul", { class: "value plain" }, claim.map((item) => make("li", {}, make("code", {}, item))));
  }
  const text = typeof claim === "string" ? claim : JSON.stringify(claim);
  return make("span", { class: "value" }, make("code", {}, text));
}
