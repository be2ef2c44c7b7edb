// What a person meets who has just typed `make run`, in a browser that nobody has prepared.

import assert from "node:assert/strict";
import { test } from "node:test";

import { TENANT_PORT, at, leavesNoToken, scope, signIn, withBrowser } from "./browser.mjs";

test("MSAL.js signs in at the tenant's own address, once its certificate is accepted", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
    await leavesNoToken(browser);
  }));

test("a browser that does not know the certificate is told so, and the plain flow works", () =>
  withBrowser({ trusts: false }, async (browser) => {
    const { page } = browser;
    await at(page, "msal-obstacle").waitFor();
    assert.ok(await at(page, "way-msal-popup").isDisabled());
    assert.equal(await at(page, "trust-link").getAttribute("href"), `https://localhost:${TENANT_PORT}/`);
    await signIn(browser, { way: "plain" });
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
  }));
