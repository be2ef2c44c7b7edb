// The page as `make run` serves it, in a browser without special settings.

import assert from "node:assert/strict";
import { test } from "node:test";

import { TENANT_PORT, byTestId, checkNoTokenLeft, scope, signIn, withBrowser } from "./browser.mjs";

test("MSAL.js signs in at the tenant's own address once its certificate is accepted", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
    await checkNoTokenLeft(browser);
  }));

test("a browser that rejects the certificate shows advice, and the plain flow works", () =>
  withBrowser({ trustsCertificate: false }, async (browser) => {
    const { page } = browser;
    await byTestId(page, "msal-obstacle").waitFor();
    assert.ok(await byTestId(page, "way-msal-popup").isDisabled());
    assert.equal(await byTestId(page, "trust-link").getAttribute("href"), `https://localhost:${TENANT_PORT}/`);
    await signIn(browser, { way: "plain" });
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
  }));
