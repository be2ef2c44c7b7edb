// Where a request may go. The session is sent nowhere else.

import { PoziError } from "./problems.js";

/** An https URL, or http on this machine, without a user, query or fragment. */
const SAFE_URL = /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1])[:/])[^@?#\\\s]*$/;
/** The ids in a path of OGC API Features, the only segments that may contain a slash. */
const IDS = /(?<=\/collections\/)[^/]+(\/items\/[^/]+)?(?=\/|$)/;

/** Returns the URL `text` with a slash at its end. Throws `invalid_options` if it is not safe. */
export function folder(text) {
  const url = `${text}`.replace(/\/*$/, "/");
  if (!SAFE_URL.test(url)) throw new PoziError("invalid_options");
  return new URL(url).href;
}

/**
 * Decides where the request for `input` goes, and whether it may carry the session: returns its URL if that is under `server`,
 * and undefined otherwise.
 */
export function addressOf(input, server) {
  const url = URL.canParse(input, server) && new URL(input, server);
  return url && url.href.startsWith(server) && isUnambiguous(url) ? url : undefined;
}

/** Whether a server that decodes slashes before it resolves `..` stays in the folder. */
function isUnambiguous({ pathname, origin }) {
  const decoded = pathname.replace(IDS, (ids) => ids.replace(/%2f/gi, "/"));
  return new URL(origin + decoded).pathname === decoded && !/%2f|%5c/i.test(decoded);
}
