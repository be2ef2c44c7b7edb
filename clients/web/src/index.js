// Pozi sessions in a browser: exchanges the Entra access token for a session, keeps it in memory only, renews it before it
// expires, and sends it only to the site's own server.

export { PoziError, sentences } from "./problems.js";
export { createSession } from "./session.js";
