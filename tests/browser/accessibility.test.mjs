// Accessibility: keyboard, screen reader, dark mode and phone. Takes screenshots.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { byTestId, choose, confirm, checkAccessibility, mapResult, setTenant, reset, scope, screenshot, signIn, waitUntilSignedIn, withBrowser } from "./browser.mjs";

afterEach(reset);

/** Waits for all maps, so that a screenshot is complete. */
const complete = (page) => Promise.all(["planning", "heritage", "assets"].map((catalogue) => mapResult(page, catalogue)));

for (const colorScheme of ["light", "dark"]) {
  test(`the page is accessible: ${colorScheme}`, () =>
    withBrowser({ colorScheme }, async (browser) => {
      await checkAccessibility(browser.page, "signed out");
      await screenshot(browser.page, `${colorScheme}-signed-out`);
      const page = await signIn(browser);
      await complete(page);
      await checkAccessibility(page, "signed in");
      await screenshot(page, `${colorScheme}-signed-in`);
      await byTestId(page, "another").click();
      await signIn(browser, { person: "no-groups" });
      await checkAccessibility(page, "refused");
      await screenshot(page, `${colorScheme}-refused`);
    }));

  test(`the tenant's pages are accessible: ${colorScheme}`, () =>
    withBrowser({ colorScheme }, async ({ page }) => {
      await setTenant("mistakes/consent-missing");
      await choose(page, { way: "plain" });
      await byTestId(page, "sign-in-submit").click();
      await page.locator('button[value="reader"]').waitFor();
      await checkAccessibility(page, "who are you?");
      await screenshot(page, `${colorScheme}-tenant`);
      await confirm(page, "reader");
      await page.getByRole("button", { name: "Accept" }).waitFor();
      await checkAccessibility(page, "consent");
      await page.goto(`https://login.microsoftonline.com/`);
      await checkAccessibility(page, "the root");
    }));
}

test("nothing is cut off on a phone", () =>
  withBrowser({ viewport: { width: 320, height: 640 } }, async (browser) => {
    const fits = () => browser.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(await fits());
    await signIn(browser);
    await complete(browser.page);
    assert.ok(await fits());
    await checkAccessibility(browser.page, "phone");
    await screenshot(browser.page, "phone");
    await byTestId(browser.page, "another").click();
    await signIn(browser, { person: "no-groups" });
    assert.ok(await fits());
    await screenshot(browser.page, "phone-refused");
  }));

test("the keyboard is enough for everything", () =>
  withBrowser({}, async ({ context, page }) => {
    const focused = () => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.className);
    /** Presses Tab until the element has the focus. */
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
    await waitUntilSignedIn(page);
    await complete(page);
    await reach("permission-assets:write");
    await page.keyboard.press("Space");
    await reach("narrow-submit");
    await page.keyboard.press("Enter");
    // Only the chips: the form's boxes also have a permission each.
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="session-scope"] [data-permission]').length === 3);
    assert.deepEqual(await scope(page), ["assets:read", "heritage:read", "planning:read"]);
  }));
