// A relay between the Web App and the site's server, which answers the browser's CORS preflights or makes them unnecessary.

import { folder } from "./addresses.js";

/** The end of a relay that takes the address as a parameter. */
const PARAMETER = /\?[\w-]+=$/;

/**
 * Returns the option `relay` of createSession(). The relay at `url` gets the whole address as a parameter, if `url` ends with one
 * (`…?url=`), or else serves what is under `server` under `url`. Throws `invalid_options` if `url` is not safe.
 */
export function relay(url) {
  const base = folder(`${url}`.replace(PARAMETER, ""));
  const at = PARAMETER.test(url)
    ? (address) => url + encodeURIComponent(address)
    : (address, server) => base + address.slice(server.length);
  return async (input, init, server) => {
    const asked = input.url ? await withoutAddress(input) : {};
    return fetch(at(input.url ?? input.href, server), { ...asked, ...init });
  };
}

/** Returns what `request` says beside its address and headers. Its body is read, because browsers can send no stream over HTTP/1.1. */
async function withoutAddress(request) {
  const { method, cache, credentials, keepalive, referrerPolicy } = request;
  const body = ["GET", "HEAD"].includes(method) ? undefined : await request.blob();
  return { method, cache, credentials, keepalive, referrerPolicy, body };
}
