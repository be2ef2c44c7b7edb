// How the page is to people: without a mouse, with a screen reader, at night, and on a phone. Pictures are kept.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { at, choose, confirm, isAccessible, mapOf, pull, reset, scope, shoot, signIn, signedIn, withBrowser } from "./browser.mjs";

afterEach(reset);

/** Waits for what arrives late, so that a picture shows the whole. */
const complete = (page) => Promise.all(["planning", "heritage", "assets"].map((catalogue) => mapOf(page, catalogue)));

for (const colorScheme of ["light", "dark"]) {
  test(`nothing stands in anybody's way: ${colorScheme}`, () =>
    withBrowser({ colorScheme }, async (browser) => {
      await isAccessible(browser.page, "signed out");
      await shoot(browser.page, `${colorScheme}-signed-out`);
      const page = await signIn(browser);
      await complete(page);
      await isAccessible(page, "signed in");
      await shoot(page, `${colorScheme}-signed-in`);
      await at(page, "another").click();
      await signIn(browser, { person: "no-groups" });
      await isAccessible(page, "refused");
      await shoot(page, `${colorScheme}-refused`);
    }));

  test(`the tenant's own pages are for everybody: ${colorScheme}`, () =>
    withBrowser({ colorScheme }, async ({ page }) => {
      await pull("mistakes/consent-missing");
      await choose(page, { way: "plain" });
      await at(page, "sign-in-submit").click();
      await page.locator('button[value="reader"]').waitFor();
      await isAccessible(page, "who are you?");
      await shoot(page, `${colorScheme}-tenant`);
      await confirm(page, "reader");
      await page.getByRole("button", { name: "Accept" }).waitFor();
      await isAccessible(page, "consent");
      await page.goto(`https://login.microsoftonline.com/`);
      await isAccessible(page, "the root");
    }));
}

test("on a phone nothing is cut off", () =>
  withBrowser({ viewport: { width: 360, height: 740 } }, async (browser) => {
    const fits = () => browser.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(await fits());
    await signIn(browser);
    await complete(browser.page);
    assert.ok(await fits());
    await isAccessible(browser.page, "phone");
    await shoot(browser.page, "phone");
  }));

test("everything can be done by keyboard alone", () =>
  withBrowser({}, async ({ context, page }) => {
    const focused = () => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.className);
    /** Tabs until something has the focus. */
    const reach = async (id) => {
      for (let count = 0; count < 80; count += 1) {
        if ((await focused()) === id) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`Tab never reaches ${id}`);
    };
    const type = (prefix) => page.evaluate((text) => document.querySelector(`input:checked[data-testid^="${text}"]`)?.dataset.testid, prefix);
    await reach(await type("person-"));
    await page.keyboard.press("ArrowDown");
    assert.equal(await type("person-"), "person-editor");
    await reach(await type("way-"));
    while ((await type("way-")) !== "way-msal-popup") await page.keyboard.press("ArrowDown");
    await reach("sign-in-submit");
    const [popup] = await Promise.all([context.waitForEvent("page"), page.keyboard.press("Enter")]);
    await popup.locator('button[value="editor"]').focus();
    await popup.keyboard.press("Enter");
    await signedIn(page);
    await complete(page);
    await reach("permission-assets:write");
    await page.keyboard.press("Space");
    await reach("narrow-submit");
    await page.keyboard.press("Enter");
    // Also the form's boxes have a permission each; the chips come and go with the session.
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="session-scope"] [data-permission]').length === 3);
    assert.deepEqual(await scope(page), ["assets:read", "heritage:read", "planning:read"]);
  }));
