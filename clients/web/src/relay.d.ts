// The types of relay.js.

/** A relay, for the option `relay` of `createSession`: sends a request for an address under `server`. */
export type Relay = (input: URL | Request, init: RequestInit, server: string) => Promise<Response>;

/**
 * Returns the relay at `url`, https (or http on this machine): it gets the whole address as a parameter, if `url` ends with one
 * (`https://maps.example/relay?url=`), or else serves what is under the session's `server` under `url`
 * (`https://maps.example/data/`). Throws a PoziError `invalid_options` for an unsafe URL.
 */
export function relay(url: string): Relay;
