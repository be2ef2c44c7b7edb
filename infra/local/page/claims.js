// Shows a token's claims as a table, with a note on each that matters.

import { make } from "./elements.js";
import { relative } from "./jwt.js";

/** What the claims of Entra's access tokens mean. What is under `first` is worth reading first, in this order. */
export const ENTRA_NOTES = {
  first: {
    name: "Who signed in. For reading only: names change, and two people may share one.",
    tid: "The tenant. The exchange finds the site by it.",
    oid: "The person in that tenant, for good. With tid it becomes the session's sub.",
    aud: "Who the token is for: the site's own registration. Anything else is refused.",
    scp: "What the application may do for the person. It must hold user_impersonation.",
    groups: "The security groups that the decision is made by.",
    _claim_names: "Too many groups to list: Entra refers to them instead, and the exchange refuses.",
    hasgroups: "Too many groups to list: Entra only says that there are some, and the exchange refuses.",
    roles: "What the application itself may do. The exchange gives nothing for it.",
    exp: "When it ends. No session outlives it.",
  },
  more: {
    iss: "Who issued it. It must be that tenant, in that version.",
    ver: "The version of the token's format: 1.0 and 2.0 count alike.",
    appid: "Which application asked. It must be one that the site knows.",
    azp: "Which application asked. It must be one that the site knows.",
    upn: "The person's address in the directory. For reading only.",
    preferred_username: "The address that was typed in. For reading only.",
    idp: "Where a guest comes from.",
    iat: "When it was issued.",
    nbf: "Before this it does not count.",
    uti: "Finds the sign-in in Entra's own log; the exchange writes it into its own.",
  },
};

/** What the claims of a session mean. */
export const SESSION_NOTES = {
  first: {
    scope: "The catalogues that it opens, and for what.",
    aud: "The server of the data that it is for.",
    sub: "Tenant and person, as Entra names them.",
    exp: "When it ends. There is no way to make one last longer but another exchange.",
  },
  more: {
    iss: "The exchange that minted it. Its keys verify it.",
    iat: "When it was minted.",
    jti: "Its own number, which stands in the log.",
    client_id: "The application that asked.",
    tid: "The tenant.",
  },
};

/** What stands in a session's header. */
export const HEADER_NOTES = {
  first: {
    typ: "Tells a session from any other token of the exchange.",
    alg: "How it is signed. Verifiers fix this themselves.",
    kid: "Which of the published keys verifies it.",
  },
  more: {},
};

const TIMES = new Set(["exp", "iat", "nbf", "auth_time"]);

/** The claims as a table: the first ones of `notes`, then the others, folded away. `label` says whose they are. */
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
        make("summary", {}, others.length === 1 ? "1 more" : `${others.length} more`),
        table(others, claims, meanings, `${label}, the others`),
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
    make("th", { scope: "col" }, make("span", { class: "unseen" }, text)),
  );
  return make(
    "table",
    {},
    make("caption", { class: "unseen" }, label),
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
