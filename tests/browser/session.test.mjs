// The session in the browser: exchanged, renewed before it expires, narrowed, and enforced by the gate for each map.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { BASE, byTestId, checkNoTokenLeft, mapResult, setTenant, reset, scope, signIn, withBrowser } from "./browser.mjs";

afterEach(reset);

/** Whether QGIS Server is installed. */
const hasQgis = async () => (await (await fetch(`${BASE}/local/config.json`)).json()).qgis;

/** Collects the status of each exchange of a browser. */
function exchanges(context) {
  const statuses = [];
  context.on("response", (response) => {
    const isOne = new URL(response.url()).pathname === "/oauth2/token";
    if (isOne && response.request().method() === "POST") statuses.push(response.status());
  });
  return statuses;
}

test("the gate allows the maps of the person's groups and refuses the others", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    const drawn = (await hasQgis()) ? { status: "200", reason: "" } : { status: "502", reason: "qgis_unreachable" };
    for (const catalogue of ["planning", "heritage"]) {
      assert.deepEqual(await mapResult(page, catalogue), { result: "allowed", ...drawn });
      assert.equal(await byTestId(page, `map-${catalogue}`).locator("img").count(), drawn.status === "200" ? 1 : 0);
    }
    assert.deepEqual(await mapResult(page, "assets"), { result: "refused", status: "403", reason: "scope" });
    await checkNoTokenLeft(browser);
  }));

test("the decision gives a reason for each catalogue", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser, { person: "editor" });
    const because = (id) => byTestId(page, `decision-${id}`).evaluate(({ dataset: { allowed, because } }) => [allowed, because]);
    assert.deepEqual(await because("assets-write"), ["true", "group"]);
    assert.deepEqual(await because("assets-read"), ["true", "may_write"]);
    assert.deepEqual(await because("planning-read"), ["true", "group"]);
    assert.deepEqual(await because("planning-write"), ["false", "nobody"]);
  }));

test("a narrow session cannot draw the other catalogue's map", () =>
  withBrowser({}, async (browser) => {
    const page = await signIn(browser);
    assert.equal((await mapResult(page, "heritage")).result, "allowed");
    await byTestId(page, "permission-heritage:read").uncheck({ force: true });
    await byTestId(page, "narrow-submit").click();
    await page.waitForFunction(() => document.querySelector('[data-testid="map-heritage"]')?.dataset.status === "403");
    assert.deepEqual(await scope(page), ["planning:read"]);
    assert.deepEqual(await mapResult(page, "heritage"), { result: "refused", status: "403", reason: "scope" });
    assert.equal((await mapResult(page, "planning")).result, "allowed");
    await byTestId(page, "widen").click();
    await page.waitForFunction(() => /200|502/.test(document.querySelector('[data-testid="map-heritage"]')?.dataset.status));
    assert.deepEqual(await scope(page), ["heritage:read", "planning:read"]);
  }));

test("a session is renewed before it expires, with short-lived tokens", () =>
  withBrowser({}, async (browser) => {
    await setTenant("levers/brief?seconds=16");
    const statuses = exchanges(browser.context);
    const page = await signIn(browser);
    const first = await page.getByTestId("session-claims").locator('[data-claim="jti"]').textContent();
    const began = Date.now();
    await page.waitForFunction(
      (was) => document.querySelector('[data-testid="session-claims"] [data-claim="jti"]')?.textContent !== was,
      first,
    );
    // The module's own tests check with a clock of theirs that it is in time.
    const seconds = (Date.now() - began) / 1000;
    assert.ok(seconds > 9, `renewed after ${seconds} s of 16`);
    assert.deepEqual(statuses, [200, 200]);
    assert.equal((await mapResult(page, "planning")).result, "allowed");
    await checkNoTokenLeft(browser);
  }));

test("many simultaneous callers share one exchange, and one more follows after sleep", () =>
  withBrowser({}, async (browser) => {
    const statuses = exchanges(browser.context);
    // The module alone, as the Web App uses it.
    const answers = await browser.page.evaluate(async (base) => {
      const { createSession } = await import("/pozi-session/index.js");
      const session = createSession({
        service: base,
        server: `${base}/riverbend/pozi/`,
        entraToken: async () => (await fetch(`${base}/entra/token?site=riverbend&person=reader`)).text(),
      });
      const tokens = await Promise.all(Array.from({ length: 40 }, () => session.token()));
      const map = await session.catalogue("planning").fetch("ows/planning/?SERVICE=WMS&REQUEST=GetCapabilities");
      const refused = await session.catalogue("assets").fetch("ows/assets/").catch((error) => error.reason);
      const astray = await session.catalogue("planning").fetch("https://elsewhere.example/").catch((error) => error.reason);
      // Simulates an hour of sleep: the wall clock advances, the monotonic clock does not.
      const now = Date.now;
      Date.now = () => now() + 3_600_000;
      const after = await session.token();
      Date.now = now;
      session.end();
      return { different: new Set(tokens).size, status: map.status, refused, astray, isNew: after !== tokens[0] };
    }, BASE);
    assert.ok([200, 502].includes(answers.status));
    delete answers.status;
    assert.deepEqual(answers, { different: 1, refused: "catalogue_not_granted", astray: "outside_server", isNew: true });
    assert.deepEqual(statuses, [200, 200]);
  }));

test("tiles are loaded into images, and other answers fail", () =>
  withBrowser({}, async (browser) => {
    const loaded = await browser.page.evaluate(async (base) => {
      const { createSession } = await import("/pozi-session/index.js");
      const { tileLoader } = await import("/pozi-session/openlayers.js");
      const session = createSession({
        service: base,
        server: `${base}/riverbend/pozi/`,
        entraToken: async () => (await fetch(`${base}/entra/token?site=riverbend&person=reader`)).text(),
      });
      const loadTile = tileLoader(session.catalogue("planning"));
      const load = async (src) => {
        const image = new Image();
        const ended = new Promise((resolve) => {
          image.addEventListener("load", () => resolve(image.naturalWidth));
          image.addEventListener("error", () => resolve("error"));
        });
        await loadTile({ getImage: () => image }, src);
        return ended;
      };
      const map = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG:3857&BBOX=0,0,800,800&WIDTH=64&HEIGHT=64&FORMAT=image/png";
      return [await load(`ows/planning/?${map}`), await load(`ows/assets/?${map}`)];
    }, BASE);
    assert.deepEqual(loaded, [(await hasQgis()) ? 64 : "error", "error"]);
  }));
