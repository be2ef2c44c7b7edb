// MSAL.js: one interaction, frames, and the end of the session in all tabs. The tabs are sessions of this process, which
// talk over real BroadcastChannels. The README's own code is run.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { createSession } from "../src/index.js";
import { msalTokens } from "../src/msal.js";
import { codeOfReadme } from "./readme.js";
import { granted, refused, until, world } from "./world.js";

const account = { homeAccountId: "rhea.riverbend" };
const scopes = ["https://poziserver-riverbend.example/pozi/user_impersonation"];
const msalError = (errorCode) => Object.assign(new Error(errorCode), { errorCode, name: "BrowserAuthError" });

/** An MSAL client that records its calls. `answers` has functions for some of its methods. */
function fakeMsal(answers = {}) {
  const callbacks = new Map();
  const calls = [];
  const record = (name) => async (request) => (calls.push([name, request]), answers[name]?.(request));
  return {
    calls,
    acquireTokenSilent: async (request) => ({ accessToken: "eyJ.msal", ...(await record("silent")(request)) }),
    acquireTokenRedirect: record("redirect"),
    acquireTokenPopup: record("popup"),
    addEventCallback: (callback) => (callbacks.set(`${callbacks.size}`, callback), `${callbacks.size - 1}`),
    removeEventCallback: (id) => callbacks.delete(id),
    emit: (eventType, payload = null) => [...callbacks.values()].forEach((callback) => callback({ eventType, payload })),
    callbacks,
  };
}

/** A tab of the Web App: an MSAL client and a session of its own. */
async function tab(context, of = account) {
  const msal = fakeMsal();
  const { service, site, asked } = await world(context);
  const tokens = msalTokens(msal, { scopes, account: of });
  const session = createSession({ service, server: `${site}/pozi/`, ...tokens });
  context.after(() => session.end());
  await session.token();
  return { msal, session, asked, tokens };
}

test("the token comes from MSAL, and from Entra if it has to be fresh", async (context) => {
  const { msal, session } = await tab(context);
  await session.renew({ fresh: true });
  assert.deepEqual(msal.calls, [
    ["silent", { scopes, account, forceRefresh: false }],
    ["silent", { scopes, account, forceRefresh: true }],
  ]);
});

for (const event of ["msal:logoutStart", "msal:logoutSuccess"]) {
  test(`${event} in one tab ends the sessions of the account in all`, async (context) => {
    const [first, second] = [await tab(context), await tab(context)];
    const other = await tab(context, { homeAccountId: "edgar.riverbend" });
    first.msal.emit(event, { account });
    assert.equal(first.session.info, undefined);
    await until(() => second.session.info === undefined);
    for (const { session } of [first, second]) await assert.rejects(session.token(), { name: "PoziError", reason: "signed_out" });
    assert.equal(await other.session.token(), "eyJ.session.1");
    assert.deepEqual([first.msal.callbacks.size, second.msal.callbacks.size], [0, 0], "nothing is left behind");
  });
}

test("the sign-out of another account ends nothing", async (context) => {
  const { msal, session } = await tab(context);
  msal.emit("msal:logoutStart", { account: { homeAccountId: "edgar.riverbend" } });
  msal.emit("msal:loginSuccess");
  assert.equal(await session.token(), "eyJ.session.1");
});

test("many maps ask for one interaction, and the next one is possible after it", async () => {
  let end;
  const msal = fakeMsal({ redirect: () => { throw msalError("redirect_in_iframe"); }, popup: () => new Promise((resolve) => (end = resolve)) });
  const maps = Array.from({ length: 12 }, () => msalTokens(msal, { scopes, account }));
  const all = Promise.all(maps.map(({ signIn }) => signIn()));
  await until(() => end);
  end();
  await all;
  const names = () => msal.calls.map(([name]) => name);
  assert.deepEqual(names(), ["redirect", "popup"]);
  const again = maps[0].signIn();
  await until(() => names().length === 4);
  end();
  await again;
});

test("a page that leaves by redirect does not ask again", async () => {
  const msal = fakeMsal();
  const { signIn } = msalTokens(msal, { scopes, account });
  let isOver = false;
  signIn().then(() => (isOver = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  signIn();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([msal.calls.map(([name]) => name), isOver], [["redirect"], false]);
});

for (const [code, reason] of [["popup_window_error", "popup_blocked"], ["empty_window_error", "popup_blocked"], ["user_cancelled", "sign_in_failed"]]) {
  test(`in a frame, ${code} is ${reason}`, async () => {
    const cause = msalError(code);
    const msal = fakeMsal({ redirect: () => { throw msalError("redirect_in_iframe"); }, popup: () => { throw cause; } });
    const { signIn } = msalTokens(msal, { scopes, account });
    await assert.rejects(signIn(), (error) => error.reason === reason && error.cause === cause && error.forPerson.length > 20);
    await assert.rejects(signIn(), { reason });
  });
}

test("the README's code: a refused person, a sign-in in a frame, and a sign-out in another tab", async (context) => {
  const answers = [granted(), refused(400, "unknown_tenant")];
  const { service, site } = await world(context, { answers });
  const { openSession } = await readmeModule(context, service, site);
  let needsPerson = false;
  const silent = () => {
    if (needsPerson) throw Object.assign(msalError("interaction_required"), { name: "InteractionRequiredAuthError" });
  };
  const redirect = () => { throw msalError("redirect_in_iframe"); };
  let popup = () => { throw msalError("popup_window_error"); };
  const msal = fakeMsal({ silent, redirect, popup: () => popup() });
  const shown = [];
  const page = { refreshLayers() {}, openInNewTab() {}, show: (text, act) => shown.push({ text, act }) };
  const session = openSession(msal, account, page);
  context.after(() => session.end());
  assert.equal(await (await session.catalogue("planning").fetch("")).text(), "a map");

  // A tile finds that the person must sign in again: the page offers it.
  const { tileLoader } = await import("../src/openlayers.js");
  needsPerson = true;
  await assert.rejects(session.renew(), { reason: "interaction_required" });
  await tileLoader(openSession(msal, account, page).catalogue("planning"))({ getImage: () => ({}) }, "");
  assert.match(shown[0].text, /sign in again/);
  await shown[0].act();
  assert.match(shown[1].text, /new tab/);
  assert.equal(shown[1].act, page.openInNewTab);
  popup = () => { needsPerson = false; };
  await shown[0].act();
  assert.match(shown[2].text, /organisation is not registered/);

  // Another tab tells that the person has signed out.
  const channel = new BroadcastChannel(`pozi-session:${account.homeAccountId}`);
  context.after(() => channel.close());
  channel.postMessage("msal:logoutStart");
  await until(() => session.info === undefined);
  assert.equal(shown.at(-1).text, "You have signed out.");
});

/** Imports the README's first block, with the addresses of this test. */
async function readmeModule(context, service, site) {
  const [code] = await codeOfReadme();
  // Within the package, whose own name the code imports.
  const folder = await mkdtemp(fileURLToPath(new URL("../.readme-", import.meta.url)));
  context.after(() => rm(folder, { recursive: true }));
  const file = `${folder}/block.js`;
  await writeFile(file, code.replace("https://auth.example", service).replace('"https://poziserver-riverbend.example/pozi/"', `"${site}/pozi/"`));
  return import(pathToFileURL(file).href);
}
