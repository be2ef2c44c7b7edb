// Shows the claims of Entra's access token, and copies the token to the clipboard on request.

import { claimsTable, ENTRA_NOTES } from "./claims.js";
import { button, buttons, make } from "./elements.js";

/** The panel. `again` gets a new token from Entra, `copy` copies the token. */
export function entraView(claims, { again, copy }) {
  return [
    make("p", {}, "This page only displays the claims. The exchange verifies the token."),
    claimsTable(claims, ENTRA_NOTES, "Claims of the Entra token", "entra-claims"),
    buttons(
      button("refresh-entra", "Get a new token", again, { class: "second" }),
      button("copy-token", "Copy token", copy, { class: "second" }),
    ),
  ];
}

/** Copies the login's token, and logs the result. */
export async function copyToken(login, note) {
  try {
    await navigator.clipboard.writeText(await login.token());
    note("warning", "The Entra token is on the clipboard. Until it expires, anyone who has it can act as this person.");
  } catch (error) {
    note("refused", `The token was not copied: ${error.message}`);
  }
}
