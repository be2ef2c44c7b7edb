// What a glance at the page shows: the verdict, the faults in force, what is in progress, and the journal.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { BASE, byTestId, choose, confirm, mapResult, reset, setTenant, signIn, waitUntilReady, withBrowser } from "./browser.mjs";

afterEach(reset);

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

/** Where an element is in the window, in pixels. */
const place = (locator) => locator.evaluate((element) => element.getBoundingClientRect().toJSON());

const journal = (page) => byTestId(page, "activity").locator("li").allInnerTexts();

for (const [name, viewport] of Object.entries({ DESKTOP, PHONE })) {
  test(`the verdict is on the first screen, with the way to the reason: ${name}`, () =>
    withBrowser({ viewport }, async (browser) => {
      const page = await signIn(browser, { person: "no-groups" });
      const verdict = byTestId(page, "verdict");
      assert.match(await verdict.innerText(), /^Nora Newcomer is signed in to Riverbend, but no catalogue is open: no_catalogue\. /);
      assert.equal(await page.locator('.notice[data-kind="allowed"]').count(), 0);
      const { top, bottom } = await place(verdict);
      console.log(`${name}: the verdict is from ${Math.round(top)} to ${Math.round(bottom)} px`);
      assert.ok(top >= 0 && bottom <= viewport.height / 2, `from ${top} to ${bottom} px`);
      await verdict.getByRole("link").click();
      const reason = await place(page.locator("#session").getByTestId("problem-reason"));
      assert.ok(reason.top >= 0 && reason.bottom <= viewport.height, `the reason is at ${reason.top} px`);
      await byTestId(page, "another").click();
      await waitUntilReady(page);
      await signIn(browser);
      assert.match(await verdict.innerText(), /^Rhea Reader is signed in to Riverbend, and 2 of 3 catalogues are open: planning, heritage\.$/);
      await byTestId(page, "forget").click();
      assert.match(await verdict.innerText(), /, but no catalogue is open: the session was discarded\.$/);
    }));
}

test("a reload shows the faults in force, and a second click ends one of them", () =>
  withBrowser({}, async ({ page }) => {
    const pressed = () =>
      page.locator('.levers [aria-pressed="true"]').evaluateAll((all) => all.map(({ dataset }) => dataset.testid));
    const pull = async (lever, isPressed) => {
      await byTestId(page, lever).click();
      await page.locator(`[data-testid="${lever}"][aria-pressed="${isPressed}"]:not([aria-busy])`).waitFor();
    };
    const mistake = byTestId(page, "mistake");
    await pull("lever-brief", true);
    await pull("lever-down", true);
    await mistake.selectOption("scope-missing");
    await byTestId(page, "mistake-make").click();
    await page.getByText("In force: ").waitFor();
    await page.reload();
    await waitUntilReady(page);
    assert.deepEqual(await pressed(), ["lever-brief", "lever-down"]);
    assert.equal(await mistake.inputValue(), "scope-missing");
    await pull("lever-down", false);
    assert.deepEqual(await pressed(), ["lever-brief"]);
    await byTestId(page, "lever-well").click();
    await page.locator('[data-testid="lever-brief"][aria-pressed="false"]').waitFor();
    assert.deepEqual(await (await fetch(`${BASE}/entra/levers`)).json(), { levers: [], mistake: "scope-missing" });
  }));

test("the choice of a mistake is not cut off", () =>
  withBrowser({}, async ({ page }) => {
    for (const width of [320, 600, 1000, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const [has, needs] = await byTestId(page, "mistake").evaluate((select) => {
        const wide = Object.assign(select.cloneNode(true), { id: "", className: "" });
        wide.style.setProperty("inline-size", "max-content");
        document.body.append(wide);
        const widths = [select, wide].map((one) => one.getBoundingClientRect().width);
        wide.remove();
        return widths;
      });
      assert.ok(has >= needs, `${has} of ${needs} px at ${width} px`);
    }
  }));

test("a map that is being drawn says so", () =>
  withBrowser({}, async (browser) => {
    let finish;
    const drawn = new Promise((resolve) => (finish = resolve));
    await browser.page.route("**/pozi/ows/planning/**", async (route) => {
      await drawn;
      await route.continue();
    });
    const page = await signIn(browser);
    const map = byTestId(page, "map-planning");
    await map.getByText("QGIS Server is drawing").waitFor();
    assert.equal(await map.getAttribute("aria-busy"), "true");
    finish();
    assert.equal((await mapResult(page, "planning")).result, "allowed");
    assert.equal(await map.getByText("is drawing").count(), 0);
    assert.equal(await map.getAttribute("aria-busy"), "false");
  }));

test("the journal has each step since before the redirect, with the reference of the audit event", () =>
  withBrowser({}, async (browser) => {
    const exchanged = [];
    browser.page.on("request", (request) => {
      const token = new URLSearchParams(request.url().endsWith("/oauth2/token") ? request.postData() : "").get("subject_token");
      if (token) exchanged.push(JSON.parse(Buffer.from(token.split(".")[1], "base64url")).uti);
    });
    const page = await signIn(browser, { way: "plain" });
    await Promise.all(["planning", "heritage", "assets"].map((catalogue) => mapResult(page, catalogue)));
    const claim = (table, name) => byTestId(page, table).locator(`[data-claim="${name}"] code`).last().textContent();
    const lines = (await journal(page)).join("\n");
    for (const step of [
      "Signing Rhea Reader in to riverbend (Without MSAL.js).",
      "Rhea Reader is signed in to riverbend.",
      `Entra issued an access token (uti ${await claim("entra-claims", "uti")})`,
      `Exchanging the token (uti ${exchanged[0]}) for a session.`,
      `jti ${await claim("session-claims", "jti")}`,
      "The gate refused a map of Roads and drains (403, scope).",
    ]) {
      assert.ok(lines.includes(step), `${step} in:\n${lines}`);
    }
    assert.match(lines, /The gate allowed a map of Planning and zoning \((200|502, qgis_unreachable)\)\./);
    await byTestId(page, "another").click();
    await waitUntilReady(page);
    await signIn(browser, { way: "plain", person: "no-groups" });
    const refused = (await journal(page)).find((line) => line.includes("no_catalogue"));
    assert.ok(refused.includes(`(uti ${exchanged.at(-1)})`), refused);
  }));

test("an error at sign-in names the blade and the setting in Entra", () =>
  withBrowser({}, async ({ context, page }) => {
    await setTenant("mistakes/scope-missing");
    await choose(page, { way: "msal-redirect" });
    await byTestId(page, "sign-in-submit").click();
    await byTestId(page, "problem-setting").waitFor();
    const setting = "App registrations → Pozi Server → Expose an API → Add a scope";
    assert.ok((await byTestId(page, "problem-setting").innerText()).includes(setting));
    assert.ok((await journal(page)).at(-1).includes(setting));
    // Entra keeps this one to itself, so the emulated one names the setting there.
    await setTenant("mistakes/assignment-required");
    await choose(page, {});
    const [popup] = await Promise.all([context.waitForEvent("page"), byTestId(page, "sign-in-submit").click()]);
    await confirm(popup, "reader");
    await popup.getByText("Enterprise applications → Pozi Server → Users and groups").waitFor();
    // Declining consent is the person's act; the setting makes it unnecessary.
    await popup.close();
    await byTestId(page, "stop-waiting").click();
    await waitUntilReady(page);
    await setTenant("mistakes/consent-missing");
    await choose(page, { way: "plain" });
    await byTestId(page, "sign-in-submit").click();
    await confirm(page, "reader");
    await page.getByRole("button", { name: "Cancel" }).click();
    await byTestId(page, "problem-setting").waitFor();
    assert.match(await byTestId(page, "problem-setting").innerText(), /API permissions → Grant admin consent/);
  }));
