// Shows what Entra's access token says, and hands the token itself to the clipboard alone.

import { claimsTable, ENTRA_NOTES } from "./claims.js";
import { button, make } from "./elements.js";

/** The panel. `again` asks Entra for a fresh token, `copy` copies it. */
export function entraView(claims, { again, copy }) {
  return [
    make("p", {}, "The access token's claims, read here and not verified: the exchange does that."),
    claimsTable(claims, ENTRA_NOTES, "The Entra token's claims", "entra-claims"),
    make(
      "div",
      { class: "row buttons" },
      button("refresh-entra", "Ask Entra again", again, { class: "second" }),
      button("copy-token", "Copy token", copy, { class: "second" }),
    ),
  ];
}

/** Copies the login's token, and tells what came of it. */
export async function copyToken(login, note) {
  try {
    await navigator.clipboard.writeText(await login.token());
    note("warning", "The Entra token is on the clipboard. Whoever has it is that person, until it ends.");
  } catch (error) {
    note("refused", `It was not copied: ${error.message}`);
  }
}
