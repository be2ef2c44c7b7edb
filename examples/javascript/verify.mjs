// Verifies Pozi sessions with jose. As a program: node verify.mjs ISSUER AUDIENCE TENANT CATALOGUE < session

import { realpathSync } from "node:fs";

import { createRemoteJWKSet, jwtVerify } from "jose";

// Create it once: it keeps the keys.
export function verifier(issuer, audience, tenant) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cacheMaxAge: 300_000 });
  const options = {
    issuer,
    audience,
    algorithms: ["ES256"],
    typ: "at+jwt",
    requiredClaims: ["iss", "aud", "exp", "iat", "sub", "client_id", "jti", "scope", "tid"],
  };
  return async (session) => {
    const { payload: claims } = await jwtVerify(session, keys, options);
    if (claims.tid !== tenant) throw new Error("for a person of another tenant");
    return claims;
  };
}

export function mayRead(claims, catalogue) {
  const scope = claims.scope.split(" ");
  return scope.includes(`${catalogue}:read`) || scope.includes(`${catalogue}:write`);
}

// The real path, since Node.js resolves links in the name of the module but not in the argument.
if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const [issuer, audience, tenant, catalogue] = process.argv.slice(2);
  const { text } = await import("node:stream/consumers");
  const claims = await verifier(issuer, audience, tenant)((await text(process.stdin)).trim());
  console.log(mayRead(claims, catalogue) ? "allowed" : "not allowed");
}
