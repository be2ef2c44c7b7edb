// Renewal: before expiry, after sleep and clock changes, and when the service fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { settle, clocks, granted, refused, shortcut } from "./world.js";

test("shows its scope and lifetime, but not the token", async (context) => {
  const clock = clocks(context);
  const { session, renewed } = shortcut(context);
  assert.equal(session.info, undefined);
  await session.token();
  assert.deepEqual(session.info, { scope: ["heritage:read", "planning:read"], expiresIn: 600 });
  await clock.pass(10);
  assert.equal(session.info.expiresIn, 590);
  assert.equal(renewed.length, 1);
  for (const text of [JSON.stringify(session), inspect(session, { depth: 9, showHidden: true }), String(session)]) {
    assert.doesNotMatch(text, /eyJ/);
  }
});

test("renews itself between 70 and 85 % of its lifetime", async (context) => {
  const clock = clocks(context);
  for (const [drawn, due] of [[0, 420], [0.999, 509]]) {
    const random = context.mock.method(Math, "random", () => drawn);
    const { session, asked, renewed } = shortcut(context);
    await session.token();
    await clock.pass(due - 2);
    assert.equal(asked.length, 1, `before ${due} s`);
    await clock.pass(3);
    assert.equal(renewed.length, 2);
    assert.equal(await session.token(), "eyJ.session.2");
    session.end();
    random.mock.restore();
  }
});

test("renews several sessions at different moments", async (context) => {
  const clock = clocks(context);
  const moments = new Set();
  for (let count = 0; count < 8; count += 1) {
    const { session, asked } = shortcut(context);
    await session.token();
    let seconds = 419;
    await clock.pass(seconds);
    while (asked.length === 1) {
      await clock.pass(5);
      seconds += 5;
    }
    moments.add(seconds);
    session.end();
  }
  assert.ok(moments.size > 2, [...moments].join(" "));
});

test("returns the old session while the new one is fetched", async (context) => {
  const clock = clocks(context);
  let answer;
  const slow = () => new Promise((resolve) => (answer = () => resolve(granted({ access_token: "eyJ.late" }))));
  const { session, asked } = shortcut(context, { answers: [granted(), slow] });
  await session.token();
  clock.sleep(550);
  assert.equal(await session.token(), "eyJ.session.1");
  await settle();
  assert.equal(asked.length, 2);
  assert.equal(await session.token(), "eyJ.session.1");
  answer();
  await settle();
  assert.equal(await session.token(), "eyJ.late");
  assert.equal(asked.length, 2);
});

test("does not use a session that expired during sleep, which only the wall clock measures", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context);
  await session.token();
  clock.sleep(8 * 3600);
  assert.equal(session.info.expiresIn, 0);
  assert.equal(await session.token(), "eyJ.session.2");
  assert.equal(asked.length, 2);
});

test("does not live longer when the clock is set back", async (context) => {
  const clock = clocks(context);
  const { session } = shortcut(context, { answers: [granted(), refused(400, "no_catalogue")] });
  await session.token();
  await clock.pass(400);
  clock.set(-86_400);
  assert.ok(session.info.expiresIn <= 200);
});

test("exchanges again in its last five seconds", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [granted({ expires_in: 60 })] });
  await session.token();
  clock.sleep(54);
  assert.equal(await session.token(), "eyJ.session.1");
  await settle();
  assert.equal(asked.length, 2);
  await settle();
  clock.sleep(55.5);
  assert.notEqual(await session.token(), "eyJ.session.1");
});

test("reports a failed renewal, tries again, and keeps the old session", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0.5);
  const { session, asked, problems } = shortcut(context, {
    answers: [granted(), refused(400, "unknown_tenant"), granted({ access_token: "eyJ.at.last" })],
  });
  await session.token();
  await clock.pass(467);
  assert.deepEqual(problems.map(({ reason }) => reason), ["unknown_tenant"]);
  assert.equal(asked.length, 2);
  assert.equal(await session.token(), "eyJ.session.1");
  await clock.pass(76);
  assert.equal(asked.length, 2);
  await clock.pass(6);
  assert.equal(asked.length, 3);
  assert.equal(await session.token(), "eyJ.at.last");
});

test("stops renewing when the person must sign in again", async (context) => {
  const clock = clocks(context);
  let isSignedIn = true;
  let count = 0;
  const entraToken = async () => {
    count += 1;
    if (!isSignedIn) throw new Error("interaction_required");
    return "eyJ.entra";
  };
  const { session } = shortcut(context, { entraToken });
  await session.token();
  isSignedIn = false;
  await clock.pass(700);
  const tries = count;
  assert.ok(tries > 2 && tries < 25, `${tries}`);
  assert.equal(session.info, undefined);
  await clock.pass(600);
  assert.equal(count, tries);
  await assert.rejects(session.token(), /interaction_required/);
  assert.equal(count, tries + 1);
});

test("renews on request and returns the new scope", async (context) => {
  const { session, asked } = shortcut(context, { answers: [granted(), granted({ scope: "planning:read" })] });
  await session.token();
  assert.deepEqual((await session.renew()).scope, ["planning:read"]);
  assert.equal(asked.length, 2);
});

test("respects a long Retry-After in background renewals", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const { session, asked, problems } = shortcut(context, {
    answers: [granted(), refused(503, "keys_unavailable", { "Retry-After": "60" }), granted()],
  });
  await session.token();
  await clock.pass(422);
  assert.deepEqual(problems.map(({ retryAfter }) => retryAfter), [60]);
  await clock.pass(58);
  assert.equal(asked.length, 2);
  await clock.pass(16);
  assert.equal(asked.length, 3);
});

test("is not returned in its last five seconds, even if the exchange is refused", async (context) => {
  const clock = clocks(context);
  const { session } = shortcut(context, { answers: [granted(), refused(400, "no_catalogue")] });
  await session.token();
  clock.sleep(594);
  assert.equal(await session.token(), "eyJ.session.1");
  clock.sleep(1);
  await assert.rejects(session.token(), { reason: "no_catalogue" });
});

test("renews within half a minute after sleep", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context);
  await session.token();
  // As after sleep, but the timers still have as long to run as before.
  clock.set(3_600);
  await clock.pass(31);
  assert.equal(asked.length, 2);
});

test("checks at once when the page becomes visible, until it is ended", async (context) => {
  const clock = clocks(context);
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  context.after(() => delete globalThis.addEventListener);
  const { session, asked } = shortcut(context);
  const seen = async () => {
    window.dispatchEvent(new Event("visibilitychange"));
    await settle();
    return asked.length;
  };
  await session.token();
  assert.equal(await seen(), 1, "it is not due");
  clock.sleep(550);
  assert.equal(await seen(), 2);
  clock.sleep(550);
  session.end();
  assert.equal(await seen(), 2);
});
