// Real MSAL.js, in the ways that a Web App signs people in with it, and out again.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { BASE, at, choose, leavesNoToken, opened, reset, scope, settled, signIn, signedIn, withBrowser } from "./browser.mjs";

afterEach(reset);

for (const way of ["msal-redirect", "msal-popup", "plain"]) {
  test(`a person signs in by ${way}, and gets a session`, () =>
    withBrowser({}, async (browser) => {
      const page = await signIn(browser, { person: "editor", way });
      assert.deepEqual(await scope(page), ["assets:read", "assets:write", "heritage:read", "planning:read"]);
      assert.equal(await at(page, "entra-claims").locator('[data-claim="unique_name"]').count(), 1);
      await leavesNoToken(browser);
    }));
}

test("MSAL.js is set up as in production, and finds the tenant at Microsoft's own host", () =>
  withBrowser({}, async ({ context, page }) => {
    const asked = [];
    context.on("request", (request) => asked.push(request.url()));
    await signIn({ context, page });
    const hosts = new Set(asked.map((url) => new URL(url)).filter(({ protocol }) => protocol === "https:").map(({ host }) => host));
    assert.deepEqual([...hosts], ["login.microsoftonline.com"]);
    // With its own metadata: nothing that the emulated tenant could tell it.
    assert.ok(asked.some((url) => url.includes("/oauth2/v2.0/token")));
  }));

test("who is signed in gets in silently, in another tab too", () =>
  withBrowser({}, async (browser) => {
    await signIn(browser);
    const second = await opened(browser.context);
    await signIn({ context: browser.context, page: second }, { way: "msal-silent" }).catch(async (problem) => {
      // The page may have signed in by itself when it was opened.
      if ((await second.getAttribute("html", "data-state")) !== "signed-in") throw problem;
    });
    await signedIn(second);
    assert.deepEqual(await scope(second), await scope(browser.page));
    await leavesNoToken(browser);
  }));

test("two tabs have sessions of their own, and one may sign another person in", () =>
  withBrowser({}, async (browser) => {
    const first = await signIn(browser);
    const second = await opened(browser.context);
    if ((await second.getAttribute("html", "data-state")) === "signed-in") {
      await at(second, "another").click();
      await settled(second);
    }
    await signIn({ context: browser.context, page: second }, { person: "editor" });
    assert.ok((await scope(second)).includes("assets:write"));
    await at(first, "renew").click();
    await first.waitForTimeout(500);
    assert.deepEqual(await scope(first), ["heritage:read", "planning:read"]);
  }));

test("where cookies of other sites are blocked, silence fails with what to do", () =>
  withBrowser({ cookies: false }, async (browser) => {
    await signIn(browser);
    const second = await opened(browser.context);
    await choose(second, { way: "msal-silent" });
    await at(second, "sign-in-submit").click();
    assert.match(await at(second, "problem").first().innerText(), /AADSTS50058|cookie/i);
    await signIn({ context: browser.context, page: second }, { way: "msal-redirect" });
  }));

test("a sign-out ends it, for the tenant as well", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { way: "msal-redirect" });
    await at(page, "sign-out").click();
    await page.waitForSelector('html[data-state="signed-out"]');
    await choose(page, { way: "msal-silent" });
    await at(page, "sign-in-submit").click();
    assert.match(await at(page, "problem").first().innerText(), /AADSTS50058/);
    await leavesNoToken(browser);
  }));

test("a person who goes back from the tenant's page is not signed in", () =>
  withBrowser({}, async ({ page }) => {
    await choose(page, { way: "plain" });
    await at(page, "sign-in-submit").click();
    await page.locator('button[value="reader"]').waitFor();
    await page.goBack();
    await settled(page);
    assert.equal(await page.getAttribute("html", "data-state"), "signed-out");
    // An answer that nobody here asked for signs nobody in.
    await page.goto(`${BASE}/#code=1.stolen&state=made-up`);
    await page.reload();
    await settled(page);
    assert.equal(await page.getAttribute("html", "data-state"), "signed-out");
  }));

