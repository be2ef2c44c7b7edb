// The browser module with the real OpenLayers, Leaflet and MapLibre, through the gate: the code of the module's README draws maps,
// and tiles that have left the view are not loaded to their end.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";

import { BASE, reset, withBrowser } from "./browser.mjs";

afterEach(reset);

const SERVER = `${BASE}/riverbend/pozi/`;
const README = new URL("../../../clients/web/README.md", import.meta.url);
const PACKAGES = new URL("node_modules/", import.meta.url);
const TYPES = { css: "text/css", js: "text/javascript", mjs: "text/javascript" };
const IMPORTS = {
  "@pozi/session": "/pozi-session/index.js",
  "@pozi/session/leaflet": "/pozi-session/leaflet.js",
  "@pozi/session/maplibre": "/pozi-session/maplibre.js",
  "@pozi/session/openlayers": "/pozi-session/openlayers.js",
  leaflet: "/packages/leaflet/dist/leaflet-src.esm.js",
  "maplibre-gl": "/packages/maplibre-gl/dist/maplibre-gl.mjs",
  "ol/": "/packages/ol/",
  quickselect: "/packages/quickselect/index.js",
  rbush: "/packages/rbush/index.js",
};
const HTML = `<!doctype html>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<link rel="stylesheet" href="/packages/leaflet/dist/leaflet.css">
<div id="map" style="width: 512px; height: 512px"></div>`;

const hasQgis = async () => (await (await fetch(`${BASE}/local/config.json`)).json()).qgis;

/** Runs `act({ page, requests })` on a page without the local page's policy, on which `globalThis.session` is open. */
const withMap = (act) =>
  withBrowser({}, async ({ page }) => {
    const readme = await readFile(README, "utf8");
    const blocks = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code.replaceAll("https://poziserver-riverbend.example/pozi/", SERVER));
    await page.route(`${BASE}/packages/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      const path = new URL(pathname.slice("/packages/".length), PACKAGES);
      return route.fulfill({ path: path.pathname, contentType: TYPES[pathname.split(".").pop()] });
    });
    await page.route(`${BASE}/readme/*.js`, (route) => {
      const library = route.request().url().match(/(\w+)\.js$/)[1];
      const body = blocks.find((code) => code.includes(`@pozi/session/${library}"`) && code.includes("export function add"));
      return route.fulfill({ body, contentType: TYPES.js });
    });
    await page.route(`${BASE}/map`, (route) => route.fulfill({ body: HTML, contentType: "text/html" }));
    const requests = { data: [], aborted: [] };
    const isData = (request) => request.url().startsWith(SERVER);
    page.on("request", (request) => isData(request) && requests.data.push(request));
    page.on("requestfailed", (request) => isData(request) && requests.aborted.push(request.url()));
    await page.goto(`${BASE}/map`);
    await page.evaluate(async (server) => {
      const { createSession } = await import("/pozi-session/index.js");
      globalThis.problems = [];
      globalThis.session = createSession({
        service: location.origin,
        server,
        entraToken: async () => (await fetch("/entra/token?site=riverbend&person=reader")).text(),
        onProblem: ({ reason, catalogue, status, description }) => globalThis.problems.push([reason, catalogue, status, description].join(" ")),
      });
      await globalThis.session.token();
    }, SERVER);
    await act({ page, requests });
    await page.evaluate(() => globalThis.session.end());
  });

/** Answers requests for maps only when `open()` was called. */
async function closedGate(page) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  await page.route(`${SERVER}**`, async (route) => {
    await opened;
    await route.continue().catch(() => {});
  });
  return open;
}

const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};

const openLayers = (page, center = [600, 400]) =>
  page.evaluate(async (center) => {
    const { default: Map } = await import("ol/Map.js");
    const { default: View } = await import("ol/View.js");
    const { addLayers } = await import("/readme/openlayers.js");
    const map = new Map({ target: "map", view: new View({ center, resolution: 2 }) });
    globalThis.map = map;
    addLayers(map, globalThis.session);
  }, center);

test("OpenLayers draws tiles and features, and asks for what was clicked", async () => {
  if (!(await hasQgis())) return;
  await withMap(async ({ page, requests }) => {
    await openLayers(page);
    await page.evaluate(() => new Promise((resolve) => globalThis.map.once("rendercomplete", resolve)));
    const found = await page.evaluate(() => {
      const [, roads] = globalThis.map.getLayers().getArray();
      const source = roads.getSource();
      return { count: source.getFeatures().length, extent: source.getExtent(), problems: globalThis.problems };
    });
    assert.deepEqual(found.problems, []);
    assert.ok(found.count > 0, "features");
    assert.ok(found.extent[0] >= -100 && found.extent[2] <= 2_000, `in the map's projection: ${found.extent}`);
    assert.ok(requests.data.every((request) => request.method() === "OPTIONS" || request.headers()["x-pozi-session"]));
    const answered = page.waitForResponse((response) => response.url().includes("GetFeatureInfo"));
    await page.mouse.click(256, 256);
    assert.equal((await answered).status(), 200);
  });
});

test("OpenLayers: tiles that left the view are aborted, and loaded when they are back", () =>
  withMap(async ({ page, requests }) => {
    const open = await closedGate(page);
    await openLayers(page);
    await until(() => requests.data.length >= 4);
    const before = requests.data.length;
    await page.evaluate(() => globalThis.map.getView().setCenter([5_000_000, 5_000_000]));
    await until(() => requests.aborted.length >= before);
    await page.evaluate(() => globalThis.map.getView().setCenter([600, 400]));
    const tile = requests.aborted.find((url) => url.includes("GetMap"));
    await until(() => requests.data.filter((request) => request.url() === tile).length === 2);
    open();
    assert.deepEqual(await page.evaluate(() => globalThis.problems), []);
  }));

test("Leaflet draws tiles, and aborts those that left the view", () =>
  withMap(async ({ page, requests }) => {
    const open = await closedGate(page);
    await page.evaluate(async () => {
      const { CRS, map } = await import("leaflet");
      const { addZones } = await import("/readme/leaflet.js");
      globalThis.map = map("map", { crs: CRS.EPSG3857, center: [0.003, 0.005], zoom: 16, fadeAnimation: false });
      addZones(globalThis.map, globalThis.session);
    });
    await until(() => requests.data.length >= 4);
    const before = requests.data.length;
    await page.evaluate(() => globalThis.map.setView([10, 10], 16, { animate: false }));
    await until(() => requests.aborted.length >= before);
    open();
    await page.waitForFunction(() => document.querySelectorAll("img.leaflet-tile").length > 0);
    if (await hasQgis()) await page.waitForFunction(() => document.querySelector("img.leaflet-tile-loaded")?.naturalWidth === 256);
  }));

test("MapLibre draws tiles, and aborts those that left the view", () =>
  withMap(async ({ page, requests }) => {
    const open = await closedGate(page);
    await page.evaluate(async () => {
      const { Map } = await import("maplibre-gl");
      const { addZones } = await import("/readme/maplibre.js");
      const map = new Map({ container: "map", style: { version: 8, sources: {}, layers: [] }, center: [0.005, 0.003], zoom: 15 });
      globalThis.map = map;
      await map.once("load");
      addZones(map, globalThis.session);
    });
    await until(() => requests.data.length >= 2);
    const before = requests.data.length;
    await page.evaluate(() => globalThis.map.jumpTo({ center: [10, 10] }));
    await until(() => requests.aborted.length >= before);
    open();
    if (await hasQgis()) {
      await page.evaluate(() => new Promise((resolve) => globalThis.map.once("idle", resolve)));
      assert.deepEqual(await page.evaluate(() => globalThis.problems), []);
    }
  }));
