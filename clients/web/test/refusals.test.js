// A refusal is remembered, and a fresh Entra token is tried once: exchanges are counted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clocks, granted, refused, shortcut } from "./world.js";

const rejection = (promise) => promise.then(() => assert.fail("it did not reject"), (error) => error);

/** Draws 50 tiles one after the other, as panning does, and returns their errors. */
async function pan(session) {
  const errors = [];
  for (let count = 0; count < 50; count += 1) errors.push(await rejection(session.catalogue("planning").fetch("ows/")));
  return errors;
}

test("fifty tiles of a refused person make two exchanges a minute: one, and one with a fresh Entra token", async (context) => {
  const clock = clocks(context);
  const { session, asked } = shortcut(context, { answers: [refused(400, "no_catalogue")] });
  const errors = await pan(session);
  assert.deepEqual([...new Set(errors.map(({ reason }) => reason))], ["no_catalogue"]);
  assert.equal(asked.length, 2);
  await clock.pass(58);
  await pan(session);
  assert.equal(asked.length, 2);
  await clock.pass(3);
  await pan(session);
  assert.equal(asked.length, 4);
});

test("a refusal that no other Entra token would change makes one exchange", async (context) => {
  clocks(context);
  const { session, asked } = shortcut(context, { answers: [refused(400, "unknown_tenant")] });
  const errors = await pan(session);
  assert.equal(new Set(errors).size, 1, "all callers get the same error");
  assert.equal(asked.length, 1);
});

test("renew() asks again at once", async (context) => {
  clocks(context);
  const { session, asked } = shortcut(context, { answers: [refused(400, "unknown_tenant"), granted()] });
  await pan(session);
  assert.deepEqual((await session.renew()).scope, ["heritage:read", "planning:read"]);
  assert.equal(await session.token(), "eyJ.session.2");
  assert.equal(asked.length, 2);
});

test("another account's token asks again at once", async (context) => {
  clocks(context);
  let account = "first";
  const answers = [refused(400, "unknown_tenant"), granted()];
  const { session, asked } = shortcut(context, { answers, entraToken: () => `eyJ.entra.${account}` });
  await pan(session);
  assert.equal(asked.length, 1);
  account = "second";
  assert.equal(await session.token(), "eyJ.session.2");
});

test("a source that returns another token at every call does not flood the service", async (context) => {
  const clock = clocks(context);
  let count = 0;
  const entraToken = () => `eyJ.entra.${(count += 1)}`;
  const { session, asked } = shortcut(context, { answers: [refused(400, "unknown_tenant")], entraToken });
  await pan(session);
  assert.equal(asked.length, 2);
  await clock.pass(9);
  await pan(session);
  assert.equal(asked.length, 2);
});

for (const reason of ["expired", "token_too_old", "revoked", "no_catalogue", "groups_overage", "groups_in_roles", "scope_missing", "scope_not_allowed", "unknown_key"]) {
  test(`a fresh Entra token is tried once after ${reason}`, async (context) => {
    clocks(context);
    const tokens = [];
    const entraToken = ({ forceRefresh }) => (tokens.push(forceRefresh), `eyJ.entra.${forceRefresh}`);
    const well = shortcut(context, { answers: [refused(400, reason), granted()], entraToken });
    await well.session.token();
    assert.deepEqual(tokens, [false, true]);
    tokens.length = 0;
    const ill = shortcut(context, { answers: [refused(400, reason)], entraToken });
    assert.equal((await rejection(ill.session.token())).reason, reason);
    assert.deepEqual([tokens, ill.asked.length], [[false, true], 2]);
  });
}

test("renew({ fresh: true }) asks for a fresh Entra token, also while another exchange runs", async (context) => {
  clocks(context);
  const tokens = [];
  const entraToken = ({ forceRefresh }) => (tokens.push(forceRefresh), `eyJ.entra.${forceRefresh}`);
  let answer;
  const slow = () => new Promise((resolve) => (answer = () => resolve(granted())));
  const { session, asked } = shortcut(context, { answers: [granted(), slow, granted({ scope: "assets:read" })], entraToken });
  await session.token();
  const plain = session.renew();
  const fresh = [session.renew({ fresh: true }), session.renew({ fresh: true })];
  await Promise.all(fresh);
  assert.deepEqual(tokens, [false, false, true]);
  assert.equal(asked.length, 3);
  answer();
  await plain;
  assert.deepEqual(session.info.scope, ["assets:read"], "an older answer that arrives later is not kept");
});

test("a refusal stays the refusal if Entra has no fresh token", async (context) => {
  clocks(context);
  const entraToken = ({ forceRefresh }) => {
    if (forceRefresh) throw Object.assign(new Error("more is needed"), { errorCode: "interaction_required" });
    return "eyJ.entra";
  };
  const one = shortcut(context, { answers: [refused(400, "no_catalogue")], entraToken });
  assert.equal((await rejection(one.session.token())).reason, "no_catalogue");
  const other = shortcut(context, { answers: [refused(400, "token_too_old")], entraToken });
  assert.equal((await rejection(other.session.token())).reason, "interaction_required");
});

test("while a session is valid, a refused renewal does not stop it, and is tried again each minute", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const { session, asked, problems } = shortcut(context, { answers: [granted(), refused(400, "unknown_tenant")] });
  await session.token();
  await clock.pass(425);
  assert.deepEqual([asked.length, problems.map(({ reason }) => reason)], [2, ["unknown_tenant"]]);
  assert.equal(await session.token(), "eyJ.session.1");
  await clock.pass(60);
  assert.equal(asked.length, 2);
  await clock.pass(20);
  assert.deepEqual([asked.length, problems.length], [3, 1]);
});
