// The session's life: renewed before its end, through sleep, clocks that are set, and a service in trouble.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { breathe, clocks, granted, refused, shortcut } from "./world.js";

test("tells what it has, but not the token", async (context) => {
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

test("is renewed by itself, at a moment between 70 and 85 % of its life", async (context) => {
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

test("all do not renew at one moment", async (context) => {
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

test("past its moment but good, it is handed out while another is fetched", async (context) => {
  const clock = clocks(context);
  let answer;
  const slow = () => new Promise((resolve) => (answer = () => resolve(granted({ access_token: "eyJ.late" }))));
  const { session, asked } = shortcut(context, { answers: [granted(), slow] });
  await session.token();
  clock.sleep(550);
  assert.equal(await session.token(), "eyJ.session.1");
  await breathe();
  assert.equal(asked.length, 2);
  assert.equal(await session.token(), "eyJ.session.1");
  answer();
  await breathe();
  assert.equal(await session.token(), "eyJ.late");
  assert.equal(asked.length, 2);
});

test("after sleep it is not used: the wall clock saw what the steady one did not", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context);
  await session.token();
  clock.sleep(8 * 3600);
  assert.equal(session.info.expiresIn, 0);
  assert.equal(await session.token(), "eyJ.session.2");
  assert.equal(asked.length, 2);
});

test("a clock that is set back lets it live no longer", async (context) => {
  const clock = clocks(context);
  const { session } = shortcut(context, { answers: [granted(), refused(400, "no_catalogue")] });
  await session.token();
  await clock.pass(400);
  clock.set(-86_400);
  assert.ok(session.info.expiresIn <= 200);
});

test("its last seconds are not used", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [granted({ expires_in: 60 })] });
  await session.token();
  clock.sleep(54);
  assert.equal(await session.token(), "eyJ.session.1");
  await breathe();
  assert.equal(asked.length, 2);
  await breathe();
  clock.sleep(55.5);
  assert.notEqual(await session.token(), "eyJ.session.1");
});

test("a renewal that fails is told, tried again, and takes nothing away", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0.5);
  const { session, asked, troubles } = shortcut(context, {
    answers: [granted(), refused(400, "unknown_key"), granted({ access_token: "eyJ.at.last" })],
  });
  await session.token();
  await clock.pass(467);
  assert.deepEqual(troubles.map(({ reason }) => reason), ["unknown_key"]);
  assert.equal(asked.length, 2);
  assert.equal(await session.token(), "eyJ.session.1");
  await clock.pass(16);
  assert.equal(asked.length, 2);
  await clock.pass(6);
  assert.equal(asked.length, 3);
  assert.equal(await session.token(), "eyJ.at.last");
});

test("who must sign in again is not asked on and on", async (context) => {
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
  await clock.pass(640);
  const tries = count;
  assert.ok(tries > 2 && tries < 25, `${tries}`);
  assert.equal(session.info, undefined);
  await clock.pass(600);
  assert.equal(count, tries);
  await assert.rejects(session.token(), /interaction_required/);
  assert.equal(count, tries + 1);
});

test("renewing when told to gives a new one, and says what it opens", async (context) => {
  const { session, asked } = shortcut(context, { answers: [granted(), granted({ scope: "planning:read" })] });
  await session.token();
  assert.deepEqual((await session.renew()).scope, ["planning:read"]);
  assert.equal(asked.length, 2);
});

test("a renewal in the background keeps to a Retry-After that is too long to wait for", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const { session, asked, troubles } = shortcut(context, {
    answers: [granted(), refused(503, "keys_unavailable", { "Retry-After": "60" }), granted()],
  });
  await session.token();
  await clock.pass(422);
  assert.deepEqual(troubles.map(({ retryAfter }) => retryAfter), [60]);
  await clock.pass(58);
  assert.equal(asked.length, 2);
  await clock.pass(16);
  assert.equal(asked.length, 3);
});

test("its last five seconds are for requests on their way", async (context) => {
  const clock = clocks(context);
  const { session } = shortcut(context, { answers: [granted(), refused(400, "no_catalogue")] });
  await session.token();
  clock.sleep(594);
  assert.equal(await session.token(), "eyJ.session.1");
  clock.sleep(1);
  await assert.rejects(session.token(), { reason: "no_catalogue" });
});

test("after sleep it is renewed within half a minute, though nobody asks", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context);
  await session.token();
  // As sleep does, but here the timers are as far from their moment as before.
  clock.set(3_600);
  await clock.pass(31);
  assert.equal(asked.length, 2);
});

test("a page that is seen again looks at once, until the end", async (context) => {
  const clock = clocks(context);
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  context.after(() => delete globalThis.addEventListener);
  const { session, asked } = shortcut(context);
  const seen = async () => {
    window.dispatchEvent(new Event("visibilitychange"));
    await breathe();
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
