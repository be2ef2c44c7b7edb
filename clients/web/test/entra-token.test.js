// What `entraToken` throws, and when it is asked again. MSAL's errors have an `errorCode`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../src/index.js";
import { ENTRA, clocks, settle, shortcut } from "./world.js";

const msalError = (errorCode, name = "BrowserAuthError") => Object.assign(new Error(`${errorCode}: see MSAL`), { errorCode, name });
const rejection = (promise) => promise.then(() => assert.fail("it did not reject"), (error) => error);

/** A session whose `entraToken` throws `errors` in turn, and then returns a token. */
function failing(context, ...errors) {
  let calls = 0;
  const entraToken = () => {
    calls += 1;
    if (errors.length === 0) return ENTRA;
    throw errors.shift();
  };
  return { ...shortcut(context, { entraToken }), calls: () => calls };
}

/** Lets `globalThis` receive the browser's events; returns a function that fires one. */
function browserEvents(context) {
  const target = new EventTarget();
  globalThis.addEventListener = target.addEventListener.bind(target);
  context.after(() => delete globalThis.addEventListener);
  return async (name) => {
    target.dispatchEvent(new Event(name));
    await settle();
  };
}

for (const code of ["post_request_failed", "no_network_connectivity", "network_error", "monitor_window_timeout", "timed_out"]) {
  test(`MSAL's ${code} is tried again with backoff`, async (context) => {
    const clock = clocks(context);
    const { session, calls } = failing(context, msalError(code), msalError(code));
    const token = session.token();
    await clock.pass(0.9);
    assert.equal(calls(), 1);
    await clock.pass(5);
    assert.equal(await token, "eyJ.session.1");
    assert.equal(calls(), 3);
  });
}

test("it is tried again at once when the network is back", async (context) => {
  clocks(context);
  const fire = browserEvents(context);
  const { session, calls } = failing(context, msalError("no_network_connectivity"));
  const token = session.token();
  await settle();
  assert.equal(calls(), 1);
  await fire("online");
  assert.equal(await token, "eyJ.session.1");
});

for (const [name, error] of [
  ["interaction_required", msalError("interaction_required", "InteractionRequiredAuthError")],
  ["a code that only its class tells", msalError("a_new_code", "InteractionRequiredAuthError")],
  ["login_required", msalError("login_required")],
  ["no_account_error", msalError("no_account_error")],
]) {
  test(`${name} is remembered until renew()`, async (context) => {
    const clock = clocks(context);
    const { session, asked, calls } = failing(context, error);
    const first = await rejection(session.token());
    assert.ok(first instanceof PoziError);
    assert.deepEqual([first.reason, first.cause], ["interaction_required", error]);
    for (let count = 0; count < 50; count += 1) assert.equal(await rejection(session.token()), first);
    await clock.pass(600);
    assert.equal(await rejection(session.token()), first);
    assert.deepEqual([calls(), asked.length], [1, 0]);
    await session.renew();
    assert.deepEqual([calls(), asked.length], [2, 1]);
  });
}

test("any other error of entraToken is remembered for a minute, with its cause", async (context) => {
  const clock = clocks(context);
  const mistake = new Error("of the Web App");
  const { session, calls } = failing(context, mistake);
  const error = await rejection(session.token());
  assert.deepEqual([error.reason, error.cause, error.message], ["entra_token", mistake, "of the Web App"]);
  assert.equal(await rejection(session.token()), error);
  assert.equal(calls(), 1);
  await clock.pass(61);
  assert.equal(await session.token(), "eyJ.session.1");
});

test("entraToken may take a minute", async (context) => {
  const clock = clocks(context);
  const { session } = shortcut(context, { entraToken: () => new Promise(() => {}) });
  const failing = rejection(session.token());
  let isOver = false;
  failing.then(() => (isOver = true));
  await clock.pass(59);
  assert.equal(isOver, false);
  await clock.pass(2);
  assert.equal((await failing).reason, "timeout");
});

test("what is not a token is an error of entraToken", async (context) => {
  clocks(context);
  const { session, asked } = shortcut(context, { entraToken: () => undefined });
  assert.equal((await rejection(session.token())).reason, "entra_token");
  assert.equal(asked.length, 0);
});

test("after waking without a network the session is renewed by itself, and the Web App is told", async (context) => {
  const clock = clocks(context);
  const fire = browserEvents(context);
  let isOnline = true;
  const entraToken = () => {
    if (!isOnline) throw msalError("no_network_connectivity");
    return ENTRA;
  };
  const { session, asked, problems, renewed } = shortcut(context, { entraToken });
  await session.token();
  clock.sleep(8 * 3600);
  isOnline = false;
  await fire("visibilitychange");
  await clock.pass(120);
  assert.deepEqual([asked.length, problems.map(({ reason }) => reason)], [1, ["network"]]);
  assert.equal(session.info, undefined);
  isOnline = true;
  await fire("online");
  assert.deepEqual([asked.length, renewed.length, renewed[1]?.recovered], [2, 2, true]);
  assert.equal(await session.token(), "eyJ.session.2");
});

test("without an event it tries again by itself", async (context) => {
  const clock = clocks(context);
  const { session, calls, renewed } = failing(context, ...Array.from({ length: 4 }, () => msalError("post_request_failed")));
  const failed = rejection(session.token());
  await clock.pass(12);
  assert.equal((await failed).reason, "network");
  await clock.pass(31);
  assert.deepEqual([calls(), renewed.length, renewed[0]?.recovered], [5, 1, true]);
});

test("a session that can no longer be renewed without the person is used to its end, and Entra is not asked again", async (context) => {
  const clock = clocks(context);
  const fire = browserEvents(context);
  let isSignedIn = true;
  let calls = 0;
  const entraToken = () => {
    calls += 1;
    if (!isSignedIn) throw msalError("interaction_required");
    return ENTRA;
  };
  const { session, asked, problems } = shortcut(context, { entraToken });
  await session.token();
  isSignedIn = false;
  await clock.pass(590);
  await fire("online");
  assert.equal(await session.token(), "eyJ.session.1");
  await clock.pass(600);
  assert.deepEqual([calls, asked.length, problems.map(({ reason }) => reason)], [2, 1, ["interaction_required"]]);
  assert.equal(session.info, undefined);
  const timers = context.mock.method(globalThis, "setTimeout");
  await clock.pass(120);
  assert.equal(timers.mock.callCount(), 0, "it does nothing until it is asked");
});
