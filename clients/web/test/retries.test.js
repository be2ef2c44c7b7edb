// Retries of the exchange, with mocked clocks: which, and when.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../pozi-session.js";
import { settle, clocks, granted, refused, shortcut } from "./world.js";

const reason = (expected) => (error) => error instanceof PoziError && error.reason === expected;

test("tries again after a 503 when Retry-After says", async (context) => {
  const clock = clocks(context);
  const busy = refused(503, "signing_unavailable", { "Retry-After": "4" });
  const { session, asked } = shortcut(context, { answers: [busy, granted()] });
  const token = session.token();
  await clock.pass(3.9);
  assert.equal(asked.length, 1);
  await clock.pass(1.2);
  assert.equal(await token, "eyJ.session.2");
});

test("retries a transient failure three times, and reports a long Retry-After at once", async (context) => {
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
  await assert.rejects(long.session.token(), (error) => error.retryAfter === 31);
  assert.equal(long.asked.length, 1);
});

test("times out after ten seconds, four times", async (context) => {
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
    await settle();
    assert.equal(limits.length, count);
    limits[count - 1].abort(new DOMException("too late", "TimeoutError"));
    await clock.pass(6);
  }
  await failing;
});

test("adds a random delay to Retry-After", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0.9);
  const { session, asked } = shortcut(context, { answers: [refused(503, "keys_unavailable", { "Retry-After": "2" }), granted()] });
  const token = session.token();
  await clock.pass(2);
  assert.equal(asked.length, 1);
  await clock.pass(1);
  assert.equal(await token, "eyJ.session.2");
});
