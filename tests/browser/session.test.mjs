// The session in the browser: exchanged, renewed before it ends, narrowed, and enforced by the gate before each map.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { BASE, at, leavesNoToken, mapOf, pull, reset, scope, signIn, withBrowser } from "./browser.mjs";

afterEach(reset);

/** Counts the exchanges of a browser, and what they came to. */
function exchanges(context) {
  const statuses = [];
  context.on("response", (response) => {
    const isOne = new URL(response.url()).pathname === "/oauth2/token";
    if (isOne && response.request().method() === "POST") statuses.push(response.status());
  });
  return statuses;
}

test("maps are drawn for what the groups allow, and refused by the gate for the rest", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    const qgis = await page.evaluate(async () => (await (await fetch("/local/config.json")).json()).qgis);
    for (const catalogue of ["planning", "heritage"]) {
      assert.deepEqual(await mapOf(page, catalogue), { result: "allowed", status: qgis ? "200" : "204", reason: "" });
      assert.equal(await at(page, `map-${catalogue}`).locator("img").count(), qgis ? 1 : 0);
    }
    assert.deepEqual(await mapOf(page, "assets"), { result: "refused", status: "403", reason: "scope" });
    await leavesNoToken(browser);
  }));

test("the decision says why, catalogue by catalogue", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { person: "editor" });
    const because = (id) => at(page, `decision-${id}`).evaluate(({ dataset: { allowed, because } }) => [allowed, because]);
    assert.deepEqual(await because("assets-write"), ["true", "group"]);
    assert.deepEqual(await because("assets-read"), ["true", "may_write"]);
    assert.deepEqual(await because("planning-read"), ["true", "group"]);
    assert.deepEqual(await because("planning-write"), ["false", "nobody"]);
  }));

test("a narrow session cannot draw the other catalogue's map", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    assert.equal((await mapOf(page, "heritage")).result, "allowed");
    await at(page, "permission-heritage:read").uncheck({ force: true });
    await at(page, "narrow-submit").click();
    await page.waitForFunction(() => document.querySelector('[data-testid="map-heritage"]')?.dataset.status === "403");
    assert.deepEqual(await scope(page), ["planning:read"]);
    assert.deepEqual(await mapOf(page, "heritage"), { result: "refused", status: "403", reason: "scope" });
    assert.equal((await mapOf(page, "planning")).result, "allowed");
    await at(page, "widen").click();
    await page.waitForFunction(() => /20/.test(document.querySelector('[data-testid="map-heritage"]')?.dataset.status));
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
  }));

test("a session is renewed before it ends, with tokens that live for seconds", () =>
  withBrowser({}, async (browser) => {
    await pull("levers/brief?seconds=16");
    const statuses = exchanges(browser.context);
    const page = await signIn(browser);
    const first = await page.getByTestId("session-claims").locator('[data-claim="jti"]').textContent();
    const began = Date.now();
    await page.waitForFunction(
      (was) => document.querySelector('[data-testid="session-claims"] [data-claim="jti"]')?.textContent !== was,
      first,
      { timeout: 20_000 },
    );
    const seconds = (Date.now() - began) / 1000;
    assert.ok(seconds > 9 && seconds < 16, `renewed after ${seconds} s of 16`);
    assert.deepEqual(statuses, [200, 200]);
    assert.equal((await mapOf(page, "planning")).result, "allowed");
    await leavesNoToken(browser);
  }));

test("one exchange serves however many ask at once, and one more serves after sleep", () =>
  withBrowser({}, async (browser) => {
    const statuses = exchanges(browser.context);
    // The module by itself, as the Web App uses it.
    const answers = await browser.page.evaluate(async (base) => {
      const { createSession } = await import("/pozi-session.js");
      const session = createSession({
        service: base,
        server: `${base}/maps/riverbend/`,
        entraToken: async () => (await fetch(`${base}/entra/token?site=riverbend&person=reader`)).text(),
      });
      const tokens = await Promise.all(Array.from({ length: 40 }, () => session.token()));
      const map = await session.catalogue("planning").fetch("planning");
      const refused = await session.catalogue("assets").fetch("assets").catch((problem) => problem.reason);
      const astray = await session.catalogue("planning").fetch("https://elsewhere.example/").catch((problem) => problem.reason);
      // The machine sleeps for an hour: the wall clock sees it, the steady one does not.
      const now = Date.now;
      Date.now = () => now() + 3_600_000;
      const after = await session.token();
      Date.now = now;
      session.end();
      return { different: new Set(tokens).size, status: map.status, refused, astray, isNew: after !== tokens[0] };
    }, BASE);
    assert.ok([200, 204].includes(answers.status));
    delete answers.status;
    assert.deepEqual(answers, { different: 1, refused: "catalogue_not_granted", astray: "outside_server", isNew: true });
    assert.deepEqual(statuses, [200, 200]);
  }));

test("tiles are loaded into images, and what is no image fails", () =>
  withBrowser({}, async (browser) => {
    const { qgis } = await (await fetch(`${BASE}/local/config.json`)).json();
    const loaded = await browser.page.evaluate(async (base) => {
      const { createSession } = await import("/pozi-session.js");
      const session = createSession({
        service: base,
        server: `${base}/maps/riverbend/`,
        entraToken: async () => (await fetch(`${base}/entra/token?site=riverbend&person=reader`)).text(),
      });
      const { loadTile } = session.catalogue("planning");
      const load = async (src) => {
        const image = new Image();
        const ended = new Promise((resolve) => {
          image.addEventListener("load", () => resolve(image.naturalWidth));
          image.addEventListener("error", () => resolve("error"));
        });
        await loadTile({ getImage: () => image }, src);
        return ended;
      };
      return [await load("planning?WIDTH=64&HEIGHT=64"), await load("assets")];
    }, BASE);
    assert.deepEqual(loaded, [qgis ? 64 : "error", "error"]);
  }));
