// Verifies sessions with jose, aws-jwt-verify, and jwks-rsa with jsonwebtoken, as a server of data would: reads the cases on
// standard input, and writes the verdicts of each library in the order of the cases.

import { readFileSync } from "node:fs";
import { JwtVerifier } from "aws-jwt-verify";
import { createLocalJWKSet, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import jwksRsa from "jwks-rsa";

const { issuer, audience, tenant, algorithm, sessions } = JSON.parse(readFileSync(0, "utf8"));
const required = ["iss", "aud", "exp", "iat", "sub", "client_id", "jti", "scope", "tid"];

function demand(condition) {
  if (!condition) throw new Error("refused");
}

async function withJose(session, keySet) {
  const options = { issuer, audience, algorithms: [algorithm], typ: "at+jwt", requiredClaims: required };
  return (await jwtVerify(session, createLocalJWKSet(keySet), options)).payload;
}

// The library fetches keys only over https, so the key set is put into its cache.
async function withAwsJwtVerify(session, keySet) {
  const jwksUri = "https://auth.example/.well-known/jwks.json";
  const verifier = JwtVerifier.create({
    issuer,
    audience,
    jwksUri,
    graceSeconds: 0,
    customJwtCheck: ({ header }) => demand(header.typ === "at+jwt" && header.alg === algorithm),
  });
  verifier.cacheJwks(keySet);
  return verifier.verifySync(session);
}

async function withJsonwebtoken(session, keySet) {
  const client = jwksRsa({ jwksUri: "https://auth.example/", getKeysInterceptor: async () => keySet.keys });
  const { header } = jsonwebtoken.decode(session, { complete: true });
  demand(header.typ === "at+jwt");
  demand(keySet.keys.some((key) => key.kid === header.kid));
  const key = await client.getSigningKey(header.kid);
  return jsonwebtoken.verify(session, key.getPublicKey(), { issuer, audience, algorithms: [algorithm] });
}

async function verdicts(verify) {
  const results = [];
  for (const { session, key_set: keySet } of sessions) {
    const verdict = (claims) => (claims.tid === tenant ? claims.scope : null);
    results.push(await verify(session, keySet).then(verdict, () => null));
  }
  return results;
}

process.stdout.write(
  JSON.stringify({
    jose: await verdicts(withJose),
    "aws-jwt-verify": await verdicts(withAwsJwtVerify),
    "jwks-rsa with jsonwebtoken": await verdicts(withJsonwebtoken),
  }),
);
