// The picture of the page in the README.

import { test } from "node:test";

import { mapResult, screenshot, signIn, withBrowser } from "./browser.mjs";

test("the page, with a reader signed in", () =>
  withBrowser({ colorScheme: "light", viewport: { width: 1280, height: 900 } }, async (browser) => {
    const page = await signIn(browser, { way: "msal-redirect" });
    for (const catalogue of ["planning", "heritage", "assets"]) await mapResult(page, catalogue);
    await page.mouse.move(0, 0);
    await page.evaluate(() => {
      document.activeElement.blur();
      scrollTo(0, 0);
    });
    await screenshot(page, "page");
  }));
