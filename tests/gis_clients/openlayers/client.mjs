// OpenLayers in a browser, on a page with another origin than the gate: every source uses fetch with the session.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { chromium } from "playwright-core";

const { POZI_BASE: BASE, POZI_PROJECT: PROJECT, POZI_READER: READER, POZI_WRITER: WRITER } = process.env;
const ADDRESSES = [`${BASE}ows/demo/`, `${BASE}qgisserver?MAP=${PROJECT}`];

const files = {
  "/": ["text/html", `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="map" style="width:400px;height:300px"></div><script src="/ol.js"></script><script src="/page.js"></script>`],
  "/ol.js": ["text/javascript", await readFile(new URL("node_modules/ol/dist/ol.js", import.meta.url))],
  "/page.js": ["text/javascript", await readFile(new URL("page.js", import.meta.url))],
};
const server = createServer((request, response) => {
  const [type, body] = files[request.url] ?? ["text/plain", ""];
  response.writeHead(200, { "Content-Type": type }).end(body);
});
await new Promise((ready) => server.listen(0, "localhost", ready));

const browser = await chromium.launch({ executablePath: process.env.POZI_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  const log = [];
  page.on("console", (message) => log.push(message.text())).on("pageerror", (error) => log.push(String(error)));
  await page.goto(`http://localhost:${server.address().port}/`);
  for (const address of ADDRESSES) {
    for (const source of ["tileWMS", "imageWMS", "fineTileWMS", "wmts", "wfs", "wfsByXml", "featureInfo", "legend"]) {
      const result = await page.evaluate(([source, address, session]) => window[source](address, session), [source, address, READER]);
      assert.ok(result > 0, `${source} ${address}: ${JSON.stringify(result)} ${log.join("\n")}`);
    }
  }
  const items = await page.evaluate(([address, session]) => window.items(address, session), [`${BASE}ows/demo/wfs3`, READER]);
  assert.equal(items, 5, log.join("\n"));
  for (const version of ["1.0.0", "1.1.0"]) {
    const result = await page.evaluate(([...all]) => window.edits(...all), [ADDRESSES[0], WRITER, version]);
    assert.deepEqual(result, { inserted: 1, deleted: true, left: 0 }, `${version}: ${log.join("\n")}`);
  }
} finally {
  await browser.close();
  server.close();
}
