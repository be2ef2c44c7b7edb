// Several tabs, frames and maps with real MSAL.js: a sign-out ends the session in every tab, and all maps share one interaction.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";

import { BASE, confirm, reset, withBrowser } from "./browser.mjs";

afterEach(reset);

/** Any document of the service that may be in a frame; a made-up one could not reach the tenant on this machine. */
const APP = `${BASE}/local/config.json`;

/** The code of a small Web App: `globalThis.app` has its MSAL client, account, tokens and session. */
async function start() {
  await import("/msal/msal-browser.min.js");
  const config = await (await fetch("/local/config.json")).json();
  const site = config.sites.find(({ name }) => name === "riverbend");
  const msal = new globalThis.msal.PublicClientApplication({
    auth: { clientId: site.clientId, authority: `${config.authority}/${site.tenant}`, redirectUri: `${location.origin}/redirect.html` },
    cache: { cacheLocation: "sessionStorage" },
  });
  await msal.initialize();
  const { createSession } = await import("/pozi-session/index.js");
  const { msalTokens } = await import("/pozi-session/msal.js");
  globalThis.app = { msal, scopes: [site.scope] };
  globalThis.app.open = async (account) => {
    const tokens = msalTokens(msal, { scopes: [site.scope], account });
    const session = createSession({
      service: location.origin,
      server: `${location.origin}/riverbend/pozi/`,
      entraToken: tokens.entraToken,
      signal: tokens.signal,
    });
    Object.assign(globalThis.app, { account, tokens, session });
    return (await session.renew()).scope;
  };
  const button = Object.assign(document.createElement("button"), { id: "sign-in", textContent: "Sign in" });
  button.addEventListener("click", () => (globalThis.app.clicked = globalThis.app.onClick()));
  document.body.replaceChildren(button);
}

/** Runs `act` by a click, after which a browser opens windows, and returns the window. */
async function clickFor(context, page, act) {
  await page.evaluate(`globalThis.app.onClick = ${act}`);
  const [popup] = await Promise.all([context.waitForEvent("page"), page.locator("#sign-in").click()]);
  return popup;
}

/** Chooses the person in the window, unless the tenant knows them and the window has closed by itself. */
async function chooseIfAsked(popup) {
  try {
    await popup.locator('button[value="reader"]').waitFor();
    await confirm(popup, "reader");
  } catch (error) {
    if (!popup.isClosed()) throw error;
  }
}

/** Opens the Web App in a tab. */
async function openTab(page) {
  await page.goto(APP);
  await page.evaluate(start);
  return page;
}

const withTabs = (act, options = {}) =>
  withBrowser(options, async ({ context, page }) => {
    const first = await openTab(page);
    const popup = await clickFor(context, first, '() => app.msal.loginPopup({ scopes: app.scopes, loginHint: "rhea.reader@example.com" })');
    await confirm(popup, "reader");
    const scope = await first.evaluate(async () => globalThis.app.open((await globalThis.app.clicked).account));
    assert.deepEqual(scope, ["heritage:read", "planning:read"]);
    await act({ context, first });
  });

test("a sign-out in one tab ends the session in the other", () =>
  withTabs(async ({ context, first }) => {
    const second = await openTab(await context.newPage());
    await second.evaluate(async () => {
      const { account } = await globalThis.app.msal.ssoSilent({ scopes: globalThis.app.scopes, loginHint: "rhea.reader@example.com" });
      await globalThis.app.open(account);
    });
    await first.evaluate(() => void globalThis.app.msal.logoutRedirect({ account: globalThis.app.account }));
    await second.waitForFunction(() => globalThis.app.session.info === undefined);
    const reason = await second.evaluate(() => globalThis.app.session.token().catch((error) => error.reason));
    assert.equal(reason, "signed_out");
  }));

test("in a frame, a dozen maps share one window to sign in", () =>
  withTabs(async ({ context, first }) => {
    // A page in a frame, whose person has to sign in again.
    await first.evaluate((address) => {
      const frame = Object.assign(document.createElement("iframe"), { src: address, name: "map" });
      return new Promise((resolve) => {
        frame.onload = resolve;
        document.body.append(frame);
      });
    }, APP);
    const frame = first.frame("map");
    await frame.evaluate(start);
    const account = await first.evaluate(() => globalThis.app.account);
    await frame.evaluate((own) => Object.assign(globalThis.app, { account: own }), account);
    const before = context.pages().length;
    const popup = await clickFor(
      context,
      frame,
      `async () => {
        const { msalTokens } = await import("/pozi-session/msal.js");
        const maps = Array.from({ length: 12 }, () => msalTokens(app.msal, { scopes: app.scopes, account: app.account }));
        await Promise.all(maps.map(({ signIn }) => signIn()));
        return app.open(app.account);
      }`,
    );
    assert.equal(context.pages().length, before + 1);
    await chooseIfAsked(popup);
    assert.deepEqual(await frame.evaluate(() => globalThis.app.clicked), ["heritage:read", "planning:read"]);
  }));

/** Runs `act(frame)` in a page of another site that shows the Web App in a frame. */
async function inForeignFrame(context, act) {
  const outer = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><iframe name="map" src="${APP}"></iframe>`);
  });
  outer.listen(0, "127.0.0.1");
  await once(outer, "listening");
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${outer.address().port}/`);
    const frame = page.frame("map");
    await frame.waitForLoadState();
    await act(frame);
  } finally {
    outer.closeAllConnections();
    outer.close();
  }
}

test("in a frame of another site, which may store nothing, a window signs in", () =>
  withTabs(
    async ({ context, first }) => {
      const account = await first.evaluate(() => globalThis.app.account);
      await inForeignFrame(context, async (frame) => {
        const hasStorage = await frame.evaluate(() => {
          try {
            return Boolean(globalThis.sessionStorage);
          } catch {
            return false;
          }
        });
        assert.equal(hasStorage, false);
        await frame.evaluate(start);
        await frame.evaluate((own) => Object.assign(globalThis.app, { account: own }), account);
        const popup = await clickFor(
          context,
          frame,
          `async () => {
            const { msalTokens } = await import("/pozi-session/msal.js");
            await msalTokens(app.msal, { scopes: app.scopes, account: app.account }).signIn();
            return app.open(app.account);
          }`,
        );
        await chooseIfAsked(popup);
        assert.deepEqual(await frame.evaluate(() => globalThis.app.clicked), ["heritage:read", "planning:read"]);
      });
    },
    { cookies: false },
  ));
