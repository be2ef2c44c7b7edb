// Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
// since the Unix epoch, a space and a session. Prints the verdict on each.

import { createInterface } from "node:readline";

import { mayRead, verifier } from "./verify.mjs";

const [issuer, audience, tenant, catalogue] = process.argv.slice(2);
let now = 0;
const verify = verifier(issuer, audience, tenant, () => now);
for await (const line of createInterface({ input: process.stdin })) {
  const [seconds, session] = line.split(" ");
  now = seconds * 1_000;
  const claims = await verify(session).catch(() => undefined);
  console.log(!claims ? "refused" : mayRead(claims, catalogue) ? "allowed" : "not allowed");
}
