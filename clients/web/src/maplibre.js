// MapLibre GL JS: a protocol whose requests carry the session.

import { load } from "./loading.js";

/** A URL of the protocol: its name, the catalogue, and the address relative to the session's server. */
const PROTOCOL_URL = /^\w+:\/\/([^/?]+)\/(.*)$/;

/**
 * Returns the function to pass to `addProtocol("pozi", …)`. `pozi://planning/ows/planning/?…` is then a request to
 * `ows/planning/?…` for the catalogue `planning`. MapLibre aborts the requests of tiles that have left the view.
 */
export function sessionProtocol(session) {
  return async ({ url, type }, { signal }) => {
    const [, id, address] = PROTOCOL_URL.exec(url) ?? [];
    const body = await load(session.catalogue(`${id}`), `${address}`, { signal }, type === "image" ? "image" : "");
    if (type === "json") return { data: JSON.parse(await body.text()) };
    return { data: type === "string" ? await body.text() : await body.arrayBuffer() };
  };
}
