// Verifies Pozi sessions with jose. As a program, node verify.mjs ISSUER AUDIENCE TENANT CATALOGUE < sessions, it prints for
// each line whether the session allows reading the catalogue: allowed, not allowed or refused.

import { realpathSync } from "node:fs";
import { createInterface } from "node:readline";

import { createLocalJWKSet, jwtVerify } from "jose";

const ALGORITHM = "ES256"; // or RS256, as the service is set up
const SESSION = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const WORD = "[a-z0-9][a-z0-9_-]*:(download|read|write)";
const FORMS = {
  sub: new RegExp(`^${GUID}\\.${GUID}$`),
  client_id: new RegExp(`^${GUID}$`),
  jti: new RegExp(`^${GUID}$`),
  scope: new RegExp(`^${WORD}( ${WORD})*$`),
};

// Create it once: it keeps the keys. `now` returns milliseconds since the Unix epoch.
export function verifier(issuer, audience, tenant, now = Date.now) {
  const keys = new Keys(`${issuer}/.well-known/jwks.json`, now);
  return async (session) => {
    demand(session.length <= 16_384 && SESSION.test(session), "not a token");
    const { payload: claims } = await jwtVerify(session, (header) => keys.find(header), {
      issuer,
      audience,
      algorithms: [ALGORITHM],
      typ: "at+jwt",
      currentDate: new Date(now()),
      clockTolerance: 300, // for nbf; exp has none, see below
    });
    const seconds = Math.floor(now() / 1_000);
    demand(claims.aud === audience, "aud is not one text");
    demand(claims.exp > seconds, "expired");
    demand(claims.iat <= seconds + 300, "minted in the future");
    for (const [name, form] of Object.entries(FORMS)) {
      demand(typeof claims[name] === "string" && form.test(claims[name]), `${name} has a wrong form`);
    }
    demand(claims.tid === tenant && claims.sub.startsWith(`${tenant}.`), "of another tenant");
    return claims;
  };
}

export function mayRead(claims, catalogue) {
  const scope = claims.scope.split(" ");
  return scope.includes(`${catalogue}:read`) || scope.includes(`${catalogue}:write`);
}

// Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks the
// key wanted is not repeated for 30 seconds.
class Keys {
  #fetched = -Infinity;
  #paused = -Infinity;

  constructor(url, now) {
    Object.assign(this, { url, now });
  }

  async find(header) {
    demand(typeof header.kid === "string", "no kid");
    if (!this.#isWithin(300, this.#fetched) || !this.ids.has(header.kid)) {
      if (!this.#isWithin(30, this.#paused)) {
        this.fetching ??= this.#fetch().finally(() => delete this.fetching);
        await this.fetching;
        if (!this.ids?.has(header.kid)) this.#paused = this.now();
      }
    }
    demand(this.#isWithin(86_400, this.#fetched), "the keys are unavailable");
    return this.set(header);
  }

  async #fetch() {
    try {
      const answer = await fetch(this.url, { signal: AbortSignal.timeout(5_000) });
      demand(answer.ok, `status ${answer.status}`);
      const { keys } = await answer.json();
      demand(keys.length > 0, "no keys");
      this.set = createLocalJWKSet({ keys });
      this.ids = new Set(keys.map((key) => key.kid));
      this.#fetched = this.now();
    } catch (error) {
      this.#paused = this.now();
      console.warn("the keys of sessions cannot be fetched:", error.message);
    }
  }

  #isWithin(seconds, since) {
    const age = this.now() - since;
    return age >= 0 && age < seconds * 1_000;
  }
}

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

// The real path, since Node.js resolves links in the name of the module but not in the argument.
if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const [issuer, audience, tenant, catalogue] = process.argv.slice(2);
  const verify = verifier(issuer, audience, tenant);
  for await (const session of createInterface({ input: process.stdin })) {
    const claims = await verify(session).catch(() => undefined);
    console.log(!claims ? "refused" : mayRead(claims, catalogue) ? "allowed" : "not allowed");
  }
}
