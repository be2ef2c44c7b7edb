// The ways to a server at another origin: how many trips tiles take directly and through relays, in a browser that asks before
// it sends the session's header (CORS preflights).

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";

import { BASE, reset, withBrowser } from "./browser.mjs";

afterEach(reset);

const TILES = 12;
/** Milliseconds by which a trip to another origin is delayed. */
const DELAY = 50;
const PATH = "/riverbend/pozi/";

/**
 * Starts a server at an origin of its own that forwards to the site's gate what `addressOf(url)` returns for the URL of a request,
 * and records the methods of the requests.
 */
async function forwarder(context, addressOf) {
  const trips = [];
  const server = createServer(async (request, response) => {
    trips.push(request.method);
    await new Promise((resolve) => setTimeout(resolve, DELAY));
    const { method, headers } = request;
    const names = ["origin", "x-pozi-session", "access-control-request-method", "access-control-request-headers"];
    const sent = Object.fromEntries(names.filter((name) => headers[name]).map((name) => [name, headers[name]]));
    const answer = await fetch(BASE + addressOf(request.url), { method, headers: sent });
    const kept = [...answer.headers].filter(([name]) => /^(access-control-|content-type|vary)/.test(name));
    response.writeHead(answer.status, Object.fromEntries(kept)).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.closeAllConnections() ?? server.close());
  return { origin: `http://127.0.0.1:${server.address().port}`, trips };
}

/** Runs `act({ load, page })`, where `load({ server, relay })` loads tiles in the page and returns the milliseconds that it took. */
const withPage = (act) =>
  withBrowser({}, async ({ context, page }) => {
    // The local page's own policy names its own origin only.
    const devTools = await context.newCDPSession(page);
    await devTools.send("Page.setBypassCSP", { enabled: true });
    await page.reload();
    const load = (ways) => page.evaluate(loadTiles, { ...ways, tiles: TILES });
    await act({ load, page });
  });

/** Runs in the page. */
async function loadTiles({ server, relay, tiles }) {
  const { createSession } = await import("/pozi-session/index.js");
  const relays = await import("/pozi-session/relay.js");
  const session = createSession({
    service: location.origin,
    server,
    relay: relay && relays.relay(relay),
    entraToken: async () => (await fetch("/entra/token?site=riverbend&person=reader")).text(),
  });
  await session.token();
  const start = performance.now();
  const wms = "ows/planning/?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG:3857&WIDTH=64&HEIGHT=64&FORMAT=image/png";
  const answers = await Promise.all(
    Array.from({ length: tiles }, (_, tile) => session.catalogue("planning").fetch(`${wms}&BBOX=${tile},0,${tile + 100},100`)),
  );
  const took = performance.now() - start;
  session.end();
  const refused = answers.filter(({ status }) => status === 401 || status === 403);
  if (refused.length) throw new Error(`${refused.length} tiles were refused`);
  return Math.round(took);
}

const count = (trips, method) => trips.filter((found) => found === method).length;

test("directly, every new tile takes two trips, and again only one", async (context) => {
  const site = await forwarder(context, (url) => url);
  await withPage(async ({ load }) => {
    // QGIS Server takes seconds for its first map.
    await load({ server: BASE + PATH });
    const server = site.origin + PATH;
    const first = await load({ server });
    assert.deepEqual([count(site.trips, "OPTIONS"), count(site.trips, "GET")], [TILES, TILES]);
    const again = await load({ server });
    assert.deepEqual([count(site.trips, "OPTIONS"), count(site.trips, "GET")], [TILES, 2 * TILES]);
    context.diagnostic(`${TILES} tiles, ${DELAY} ms a trip: ${first} ms with preflights, ${again} ms without`);
  });
});

test("through a relay at the page's own origin, every tile takes one trip", async (context) => {
  const site = await forwarder(context, (url) => url);
  await withPage(async ({ load, page }) => {
    const trips = [];
    page.on("request", (request) => request.url().startsWith(BASE + PATH) && trips.push(request.method()));
    await load({ server: site.origin + PATH, relay: BASE + PATH });
    assert.deepEqual([site.trips, count(trips, "GET"), trips.length], [[], TILES, TILES]);
  });
});

test("through a relay at another origin, every new tile takes two trips", async (context) => {
  const server = `https://poziserver-riverbend.example${PATH}`;
  const relay = await forwarder(context, (url) => {
    const target = new URL(url, BASE).searchParams.get("url");
    // A relay must forward to its own server only.
    assert.ok(target.startsWith(server), target);
    return PATH + target.slice(server.length);
  });
  await withPage(async ({ load }) => {
    await load({ server, relay: `${relay.origin}/relay?url=` });
    assert.deepEqual([count(relay.trips, "OPTIONS"), count(relay.trips, "GET")], [TILES, TILES]);
  });
});
