// What people see when something is wrong with their groups, the tenant, the app registration, the service or the page.

import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, test } from "node:test";

import { BASE, STATE, byTestId, choose, confirm, mapResult, setTenant, reset, scope, signIn, waitUntilSignedIn, withBrowser } from "./browser.mjs";

afterEach(reset);

// Must be the first test: the service has not read its keys yet.
test("a 503 is retried after Retry-After", () =>
  withBrowser({}, async (browser) => {
    const answers = [];
    browser.context.on("response", async (response) => {
      if (!response.url().endsWith("/oauth2/token") || response.request().method() !== "POST") return;
      if (new URL(response.url()).origin !== BASE) return;
      answers.push([response.status(), await response.headerValue("retry-after"), Date.now()]);
      if (answers.length === 1) await rename(away, ring);
    });
    const ring = join(STATE, "keys-es256.json");
    const away = `${ring}.away`;
    await rename(ring, away);
    const page = await signIn(browser);
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
    const [[refused, pause, at503], [granted, , at200]] = answers;
    assert.deepEqual([refused, pause, granted], [503, "2", 200]);
    assert.ok(at200 - at503 >= 2000, "it did not wait for Retry-After");
  }));

test("a person without catalogues sees why and what to do", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { person: "no-groups" });
    const problem = page.locator("#session").getByTestId("problem");
    assert.equal(await problem.getByTestId("problem-reason").innerText(), "no_catalogue");
    assert.ok((await problem.getByTestId("problem-text").innerText()).length > 20);
    assert.equal(await byTestId(page, "decision-planning-read").getAttribute("data-because"), "not_in_group");
    assert.deepEqual(await mapResult(page, "planning"), { result: "refused", status: "401", reason: "no_session" });
  }));

test("a person in too many groups for a token gets theirs from Microsoft Graph", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { person: "overage" });
    assert.match(await byTestId(page, "groups-from").innerText(), /asked Microsoft Graph/);
    assert.equal(await byTestId(page, "decision-planning-read").getAttribute("data-because"), "group");
    assert.equal((await mapResult(page, "planning")).result, "allowed");
  }));

test("new keys and an outage of the tenant have no effect", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    const jti = () => byTestId(page, "session-claims").locator('[data-claim="jti"]').textContent();
    const renew = async () => {
      const before = await jti();
      await byTestId(page, "renew").click();
      await page.waitForFunction(
        (was) => document.querySelector('[data-testid="session-claims"] [data-claim="jti"]')?.textContent !== was,
        before,
      );
    };
    await setTenant("levers/roll");
    await renew();
    await byTestId(page, "refresh-entra").click();
    await renew();
    await setTenant("levers/down");
    await renew();
    assert.equal((await mapResult(page, "planning")).result, "allowed");
  }));

for (const [mistake, code, isInWindow] of [
  ["redirect-missing", "AADSTS50011", true],
  ["assignment-required", "AADSTS50105", true],
  ["scope-missing", "AADSTS65005", false],
  ["resource-elsewhere", "AADSTS500011", false],
  ["redirect-not-spa", "AADSTS9002326", false],
]) {
  test(`a registration with ${mistake} shows ${code}`, () =>
    withBrowser({}, async ({ context, page }) => {
      await setTenant(`mistakes/${mistake}`);
      await choose(page, {});
      const [popup] = await Promise.all([context.waitForEvent("page"), byTestId(page, "sign-in-submit").click()]);
      if (isInWindow) {
        const told = popup.getByRole("alert");
        const asks = popup.locator('button[value="reader"]');
        await told.or(asks).first().waitFor();
        if (await asks.isVisible()) await asks.click();
        assert.match(await told.innerText(), new RegExp(`^${code}: `));
        return;
      }
      if (mistake === "redirect-not-spa") await confirm(popup, "reader");
      const shown = byTestId(page, "problem").first();
      await shown.waitFor();
      assert.equal(await shown.getByTestId("problem-code").innerText(), code);
    }));
}

test("without consent for the organisation each person is asked and may decline", () =>
  withBrowser({}, async ({ context, page }) => {
    await setTenant("mistakes/consent-missing");
    await choose(page, {});
    const [popup] = await Promise.all([context.waitForEvent("page"), byTestId(page, "sign-in-submit").click()]);
    await confirm(popup, "reader");
    await popup.getByRole("button", { name: "Cancel" }).click();
    await byTestId(page, "problem").first().waitFor();
    assert.match(await byTestId(page, "problem").first().innerText(), /AADSTS65004/);
    const [again] = await Promise.all([context.waitForEvent("page"), byTestId(page, "sign-in-submit").click()]);
    await confirm(again, "reader");
    await again.getByRole("button", { name: "Accept" }).click();
    await waitUntilSignedIn(page);
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
  }));

test("a page with another site's origin gets no session and can read the reason", () =>
  withBrowser({}, async ({ page }) => {
    // Saltmarsh's origin with riverbend's token, as on a page that lures a person of riverbend.
    for (const [origin, outcome] of [
      ["https://saltmarsh.enterprise.example", { reason: "origin_not_allowed", status: 400 }],
      ["https://riverbend.enterprise.example", { scope: ["heritage:read", "planning:read"] }],
    ]) {
      await page.goto(`${origin}/people`);
      const answer = await page.evaluate(async (base) => {
        const { createSession } = await import(`${base}/pozi-session/index.js`);
        const entraToken = async () => (await fetch(`${base}/entra/token?site=riverbend&person=reader`)).text();
        const session = createSession({ service: base, server: `${base}/riverbend/pozi/`, entraToken });
        const told = session.renew().then(({ scope }) => ({ scope }), ({ reason, status }) => ({ reason, status }));
        return told.finally(() => session.end());
      }, BASE);
      assert.deepEqual(answer, outcome);
    }
  }));
