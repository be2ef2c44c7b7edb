// Signing in and out with real MSAL.js, in all ways that a Web App can use.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { BASE, byTestId, choose, checkNoTokenLeft, openPage, reset, scope, waitUntilReady, signIn, waitUntilSignedIn, withBrowser } from "./browser.mjs";

afterEach(reset);

for (const way of ["msal-redirect", "msal-popup", "plain"]) {
  test(`a person signs in by ${way} and gets a session`, () =>
    withBrowser({}, async (browser) => {
      const page = await signIn(browser, { person: "editor", way });
      assert.deepEqual(await scope(page), ["assets:read", "assets:write", "heritage:read", "planning:read"]);
      assert.equal(await byTestId(page, "entra-claims").locator('[data-claim="unique_name"]').count(), 1);
      await checkNoTokenLeft(browser);
    }));
}

test("MSAL.js has production settings and calls Microsoft's host", () =>
  withBrowser({}, async ({ context, page }) => {
    const asked = [];
    context.on("request", (request) => asked.push(request.url()));
    await signIn({ context, page });
    const hosts = new Set(asked.map((url) => new URL(url)).filter(({ protocol }) => protocol === "https:").map(({ host }) => host));
    assert.deepEqual([...hosts], ["login.microsoftonline.com"]);
    // MSAL.js uses its built-in metadata, not the emulated tenant's.
    assert.ok(asked.some((url) => url.includes("/oauth2/v2.0/token")));
  }));

test("a signed-in person is signed in silently in another tab", () =>
  withBrowser({}, async (browser) => {
    await signIn(browser);
    const second = await openPage(browser.context);
    await signIn({ context: browser.context, page: second }, { way: "msal-silent" }).catch(async (error) => {
      // The page may already have signed in when it was opened.
      if ((await second.getAttribute("html", "data-state")) !== "signed-in") throw error;
    });
    await waitUntilSignedIn(second);
    assert.deepEqual(await scope(second), await scope(browser.page));
    await checkNoTokenLeft(browser);
  }));

test("two tabs have separate sessions, also of different people", () =>
  withBrowser({}, async (browser) => {
    const first = await signIn(browser);
    const second = await openPage(browser.context);
    if ((await second.getAttribute("html", "data-state")) === "signed-in") {
      await byTestId(second, "another").click();
      await waitUntilReady(second);
    }
    await signIn({ context: browser.context, page: second }, { person: "editor" });
    assert.ok((await scope(second)).includes("assets:write"));
    const [renewed] = await Promise.all([first.waitForResponse(`${BASE}/oauth2/token`), byTestId(first, "renew").click()]);
    assert.equal((await renewed.json()).scope, "heritage:read planning:read");
    assert.deepEqual(await scope(first), ["heritage:read", "planning:read"]);
  }));

test("silent sign-in fails with advice if third-party cookies are blocked", () =>
  withBrowser({ cookies: false }, async (browser) => {
    await signIn(browser);
    const second = await openPage(browser.context);
    await choose(second, { way: "msal-silent" });
    await byTestId(second, "sign-in-submit").click();
    assert.match(await byTestId(second, "problem").first().innerText(), /AADSTS50058|cookie/i);
    await signIn({ context: browser.context, page: second }, { way: "msal-redirect" });
  }));

test("signing out also signs out of the tenant", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { way: "msal-redirect" });
    await byTestId(page, "sign-out").click();
    await page.waitForSelector('html[data-state="signed-out"]');
    await choose(page, { way: "msal-silent" });
    await byTestId(page, "sign-in-submit").click();
    assert.match(await byTestId(page, "problem").first().innerText(), /AADSTS50058/);
    await checkNoTokenLeft(browser);
  }));

test("a person who goes back from the tenant's page is not signed in", () =>
  withBrowser({}, async ({ page }) => {
    await choose(page, { way: "plain" });
    await byTestId(page, "sign-in-submit").click();
    await page.locator('button[value="reader"]').waitFor();
    await page.goBack();
    await waitUntilReady(page);
    assert.equal(await page.getAttribute("html", "data-state"), "signed-out");
    // An unsolicited response signs no one in.
    await page.goto(`${BASE}/#code=1.stolen&state=made-up`);
    await page.reload();
    await waitUntilReady(page);
    assert.equal(await page.getAttribute("html", "data-state"), "signed-out");
  }));

