// The page without MSAL.js, which npm could not fetch: only the plain flow is available.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, byTestId, checkNoTokenLeft, scope, signIn, withBrowser } from "./browser.mjs";

test("a person signs in and out by the plain flow without MSAL.js", () =>
  withBrowser({}, async (browser) => {
    assert.equal((await fetch(`${BASE}/msal/msal-browser.min.js`)).status, 404);
    const page = await signIn(browser, { way: "plain", person: "editor" });
    assert.ok((await scope(page)).includes("assets:write"));
    await checkNoTokenLeft(browser);
    await byTestId(page, "sign-out").click();
    await page.waitForSelector('html[data-state="signed-out"]');
    await checkNoTokenLeft(browser);
  }));
