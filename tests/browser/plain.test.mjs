// The page where npm could not fetch MSAL.js: it says so, and signs in by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, at, leavesNoToken, scope, signIn, withBrowser } from "./browser.mjs";

test("without MSAL.js a person signs in by the plain flow, and out", () =>
  withBrowser({}, async (browser) => {
    assert.equal((await fetch(`${BASE}/msal/msal-browser.min.js`)).status, 404);
    const page = await signIn(browser, { way: "plain", person: "editor" });
    assert.ok((await scope(page)).includes("assets:write"));
    await leavesNoToken(browser);
    await at(page, "sign-out").click();
    await page.waitForSelector('html[data-state="signed-out"]');
    await leavesNoToken(browser);
  }));
