// The exchange on clocks that are set: what is tried again, and when.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../pozi-session.js";
import { breathe, clocks, granted, refused, shortcut } from "./world.js";

const reason = (expected) => (problem) => problem instanceof PoziError && problem.reason === expected;

test("503 is tried again when the service says", async (context) => {
  const clock = clocks(context);
  const busy = refused(503, "signing_unavailable", { "Retry-After": "4" });
  const { session, asked } = shortcut(context, { answers: [busy, granted()] });
  const token = session.token();
  await clock.pass(3.9);
  assert.equal(asked.length, 1);
  await clock.pass(1.2);
  assert.equal(await token, "eyJ.session.2");
});

test("what passes is tried three times more, and what lasts is told at once", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [[503, "<html>a proxy's page</html>"]] });
  const failing = assert.rejects(session.token(), reason("bad_answer"));
  for (const [seconds, count] of [[0.9, 1], [1.2, 2], [1.8, 2], [1.3, 3], [3.7, 3], [1.3, 4]]) {
    await clock.pass(seconds);
    assert.ok(Math.abs(asked.length - count) <= 1, `${asked.length} after ${count}`);
  }
  await clock.pass(10);
  await failing;
  assert.equal(asked.length, 4);
  const long = shortcut(context, { answers: [refused(503, "keys_unavailable", { "Retry-After": "31" })] });
  await assert.rejects(long.session.token(), (problem) => problem.retryAfter === 31);
  assert.equal(long.asked.length, 1);
});

test("a service that does not answer is given up after ten seconds, four times over", async (context) => {
  const clock = clocks(context);
  const limits = [];
  context.mock.method(AbortSignal, "timeout", (milliseconds) => {
    assert.equal(milliseconds, 10_000);
    limits.push(new AbortController());
    return limits.at(-1).signal;
  });
  const { session } = shortcut(context);
  globalThis.fetch.mock.mockImplementation((_, { signal }) => new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const failing = assert.rejects(session.token(), reason("timeout"));
  for (let count = 1; count <= 4; count += 1) {
    await breathe();
    assert.equal(limits.length, count);
    limits[count - 1].abort(new DOMException("too late", "TimeoutError"));
    await clock.pass(6);
  }
  await failing;
});

test("not all who were told the same Retry-After come back at the same moment", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0.9);
  const { session, asked } = shortcut(context, { answers: [refused(503, "keys_unavailable", { "Retry-After": "2" }), granted()] });
  const token = session.token();
  await clock.pass(2);
  assert.equal(asked.length, 1);
  await clock.pass(1);
  assert.equal(await token, "eyJ.session.2");
});
