// Retries of the exchange, with mocked clocks: which, and when.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../src/index.js";
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
  await clock.pass(4);
  await failing;
  assert.equal(asked.length, 4);
  session.end();
  const long = shortcut(context, { answers: [refused(503, "keys_unavailable", { "Retry-After": "31" })] });
  await assert.rejects(long.session.token(), (error) => error.retryAfter === 31);
  assert.equal(long.asked.length, 1);
});

test("times out after ten seconds, four times", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const { session, asked } = shortcut(context, { answers: [() => new Promise(() => {})] });
  const failing = assert.rejects(session.token(), reason("timeout"));
  for (const [seconds, count] of [[9, 1], [4, 2], [7, 2], [6, 3], [7, 3], [7, 4], [6, 4]]) {
    await clock.pass(seconds);
    assert.equal(asked.length, count);
  }
  await clock.pass(5);
  await failing;
  assert.equal(asked.length, 4);
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

for (const status of [429, 500, 502, 503, 504]) {
  test(`tries again after a ${status}`, async (context) => {
    const clock = clocks(context);
    const { session, asked } = shortcut(context, { answers: [refused(status, "internal_error"), [status, "<html>"], granted()] });
    const token = session.token();
    await clock.pass(6);
    assert.equal(await token, "eyJ.session.3");
    assert.equal(asked.length, 3);
  });
}

// API Gateway's own answers have no CORS headers: a script cannot read them, and is told of an error of the network.
test("an answer that cannot be read is tried again as a 429 without Retry-After is, with growing pauses", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const times = [];
  for (const answer of [() => Promise.reject(new TypeError("Failed to fetch")), [429, '{"message":"Too Many Requests"}']]) {
    const { session, asked } = shortcut(context, { answers: [answer] });
    session.token().catch(() => {});
    const counts = [];
    for (let second = 0; second < 400; second++) {
      await clock.pass(1);
      counts.push(asked.length);
    }
    times.push(counts.flatMap((count, second) => (count > (counts[second - 1] ?? 0) ? [second] : [])));
    session.end();
  }
  const [unreadable, throttled] = times;
  assert.deepEqual(unreadable, throttled);
  const pauses = unreadable.slice(1).map((at, index) => at - unreadable[index]);
  // Four requests each time, and longer and longer pauses between.
  const long = pauses.filter((pause) => pause >= 10);
  assert.ok(long.length > 3 && long.every((pause, index) => pause > (long[index - 1] ?? 0)), `${pauses}`);
});

test("a person who asked too often waits as long as the service says", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [refused(429, "rate_limited", { "Retry-After": "5" }), granted()] });
  const token = session.token();
  await clock.pass(4.9);
  assert.equal(asked.length, 1);
  await clock.pass(1.2);
  assert.equal(await token, "eyJ.session.2");
});

test("understands a date in Retry-After, by the service's clock if its Date can be read", async (context) => {
  const clock = clocks(context);
  const [now, wrong] = [Date.now(), Date.now() - 3_600_000];
  const at = (milliseconds) => new Date(milliseconds).toUTCString();
  for (const headers of [{ "Retry-After": at(now + 20_000) }, { "Retry-After": at(wrong + 20_000), Date: at(wrong) }]) {
    const { session, asked } = shortcut(context, { answers: [refused(503, "keys_unavailable", headers), granted()] });
    const began = Date.now();
    const token = session.token();
    await clock.pass(20 - (began - now) / 1000 - 1);
    assert.equal(asked.length, 1);
    await clock.pass(3);
    await token;
    clock.back(Date.now() - began);
  }
});

test("a Retry-After beyond 30 s is told at once, holds, and is followed by itself", async (context) => {
  const clock = clocks(context);
  const { session, asked, renewed, problems } = shortcut(context, {
    answers: [refused(429, "throttled", { "Retry-After": "90" }), granted()],
  });
  const tell = () => session.token().then(() => assert.fail("granted"), (error) => [error.reason, error.retryAfter]);
  assert.deepEqual(await tell(), ["throttled", 90]);
  await clock.pass(80);
  assert.deepEqual(await tell(), ["throttled", 90]);
  assert.equal(asked.length, 1);
  await clock.pass(45);
  assert.deepEqual([asked.length, renewed.length, problems.length], [2, 1, 0]);
  assert.equal(await session.token(), "eyJ.session.2");
});

test("a key that the service does not know yet is tried again when it says", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [refused(400, "unknown_key", { "Retry-After": "3" }), granted()] });
  const token = session.token();
  await clock.pass(2.5);
  assert.equal(asked.length, 1);
  await clock.pass(2);
  assert.equal(await token, "eyJ.session.2");
});

for (const [what, status, headers, body] of [
  ["a page of a hotel's network", 200, { "Content-Type": "text/html" }, "<html>Welcome, guest"],
  ["a page that claims to be JSON", 200, { "Content-Type": "application/json" }, " <!doctype html>"],
  ["a proxy that wants a password", 407, {}, ""],
  ["a network that wants a sign-in", 511, {}, "{}"],
  ["a redirect", 302, { Location: "https://portal.example/" }, ""],
  ["a page that is forbidden", 403, { "Content-Type": "text/html" }, "<html>Blocked"],
]) {
  test(`${what} is not the service, and is not asked again`, async (context) => {
    const clock = clocks(context);
    const { session, asked } = shortcut(context, { answers: [[status, body, headers]] });
    await assert.rejects(session.token(), { name: "PoziError", reason: "network_answers", status });
    await assert.rejects(session.token(), { reason: "network_answers" });
    await clock.pass(55);
    assert.equal(asked.length, 1);
  });
}

test("a network that is back does not shorten a Retry-After", async (context) => {
  const clock = clocks(context);
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  context.after(() => delete globalThis.addEventListener);
  const { session, asked } = shortcut(context, { answers: [refused(503, "keys_unavailable", { "Retry-After": "90" }), granted()] });
  await assert.rejects(session.token(), { retryAfter: 90 });
  await clock.pass(30);
  window.dispatchEvent(new Event("online"));
  await clock.pass(50);
  assert.equal(asked.length, 1);
  await clock.pass(45);
  assert.equal(asked.length, 2);
});
