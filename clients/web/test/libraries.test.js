// The loaders of OpenLayers, Leaflet and MapLibre: what they request, what they abort, and what they tell. Real servers, and of
// OpenLayers the real classes that need no document. A real browser draws with them in tests/browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import GeoJSON from "ol/format/GeoJSON.js";
import { bbox } from "ol/loadingstrategy.js";
import { get as projection } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";

import { withSession } from "../src/leaflet.js";
import { sessionProtocol } from "../src/maplibre.js";
import { featureInfo, featureLoader, tileLoader } from "../src/openlayers.js";
import { until, world } from "./world.js";

const PNG = { "Content-Type": "image/png" };
const JSON_TYPE = { "Content-Type": "application/geo+json" };
const zone = (id) => ({ type: "Feature", id, properties: {}, geometry: { type: "Point", coordinates: [0, 0] } });
const collection = (...features) => JSON.stringify({ type: "FeatureCollection", features });

/** Counts requests whose client went away before the answer. */
function slowData(answerTo = () => false) {
  const gone = [];
  const data = (request, response) => {
    response.on("close", () => response.writableFinished || gone.push(request.url));
    if (answerTo(request)) response.writeHead(200, PNG).end("x");
  };
  return { gone, data };
}

/** An OpenLayers tile as its load function sees it. */
function fakeTile(key, { state = 1 } = {}) {
  const target = new EventTarget();
  const image = {};
  return Object.assign(target, {
    image,
    states: [],
    getImage: () => image,
    getState: () => state,
    getKey: () => key,
    setState(next) {
      state = next;
      target.states.push(next);
      target.dispatchEvent(new Event("change"));
    },
  });
}

/** An OpenLayers map as far as a load function needs it. */
function fakeMap() {
  const listeners = new Set();
  return {
    listeners,
    on: (_, listener) => listeners.add(listener),
    un: (_, listener) => listeners.delete(listener),
    render: (...keys) => listeners.forEach((act) => act({ frameState: { wantedTiles: { layer: Object.fromEntries(keys.map((key) => [key, true])) } } })),
  };
}

test("OpenLayers: a tile that the cache drops aborts its request, and is not told", async (context) => {
  const { gone, data } = slowData();
  const { session, requests, problems } = await world(context, { data });
  const tile = fakeTile("a");
  const loading = tileLoader(session.catalogue("planning"))(tile, "a");
  await until(() => requests.length === 1);
  tile.setState(4);
  await loading;
  await until(() => gone.length === 1);
  assert.deepEqual(problems, []);
});

test("OpenLayers: tiles of a catalogue that is no longer wanted are not told, whatever the reason", async (context) => {
  const { gone, data } = slowData();
  const { session, requests, problems } = await world(context, { data });
  const map = new AbortController();
  const loading = tileLoader(session.catalogue("planning", { signal: map.signal }))(fakeTile("a"), "a");
  await until(() => requests.length === 1);
  map.abort(new Error("the map was closed"));
  await loading;
  await until(() => gone.length === 1);
  assert.deepEqual(problems, []);
});

test("OpenLayers: a connection that breaks within a tile is told", async (context) => {
  const data = (_, response) => {
    response.writeHead(200, { ...PNG, "Content-Length": "100" }).write("x");
    setTimeout(() => response.destroy(), 10);
  };
  const { session, problems } = await world(context, { data });
  await tileLoader(session.catalogue("planning"))(fakeTile("a"), "a");
  assert.deepEqual(problems.map(({ reason, catalogue }) => [reason, catalogue]), [["network", "planning"]]);
});

test("OpenLayers: tiles that left the map's view abort their requests, and can be loaded again", async (context) => {
  const { gone, data } = slowData(({ url }) => url.includes("again"));
  const { session, requests, problems } = await world(context, { data });
  const map = fakeMap();
  const load = tileLoader(session.catalogue("planning"), map);
  const tiles = ["a", "b", "c"].map((key) => fakeTile(key));
  const loading = tiles.map((tile) => load(tile, tile.getKey()));
  await until(() => requests.length === 3);
  map.render("a", "b", "c");
  map.render("c", "d");
  await Promise.all(loading.slice(0, 2));
  await until(() => gone.length === 2);
  assert.deepEqual(gone.sort(), ["/pozi/a", "/pozi/b"]);
  assert.deepEqual(tiles.map(({ states }) => states), [[3, 0], [3, 0], []], "OpenLayers asks for them when they are back");
  assert.deepEqual([problems, map.listeners.size], [[], 1]);
  await load(tiles[0], "again");
  assert.match(tiles[0].image.src, /^blob:/);
});

test("OpenLayers: features are loaded into the source; extents that the view has left are aborted and asked for again", async (context) => {
  const gone = [];
  const data = (request, response) => {
    response.on("close", () => response.writableFinished || gone.push(request.url));
    if (!request.url.includes("slow")) response.writeHead(200, JSON_TYPE).end(collection(zone(request.url)));
  };
  const { session, requests, problems } = await world(context, { data });
  let kind = "slow";
  const loader = featureLoader(session.catalogue("planning"), (extent) => `wfs3/collections/zones/items?${kind}&bbox=${extent}`);
  const source = new VectorSource({ format: new GeoJSON(), strategy: bbox, loader });
  const look = (extent) => source.loadFeatures(extent, 1, projection("EPSG:3857"));
  look([0, 0, 10, 10]);
  await until(() => requests.length === 1);
  look([5, 5, 15, 15]);
  await until(() => requests.length === 2);
  assert.deepEqual(gone, [], "the two extents touch");
  kind = "quick";
  look([100, 100, 110, 110]);
  await until(() => gone.length === 2 && source.getFeatures().length === 1);
  look([0, 0, 10, 10]);
  await until(() => source.getFeatures().length === 2);
  look([0, 0, 10, 10]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([requests.length, problems.length, Number(source.loading)], [4, 0, 0]);
});

test("OpenLayers: an answer that is an error is told, and its extent is asked for again", async (context) => {
  const data = (_, response) => response.writeHead(400, { "Content-Type": "application/json" }).end('{"description":"No such layer."}');
  const { session, requests, problems } = await world(context, { data });
  const loader = featureLoader(session.catalogue("planning"), () => "ows/planning/?REQUEST=GetFeature");
  const source = new VectorSource({ format: new GeoJSON(), strategy: bbox, loader });
  for (let count = 1; count <= 3; count += 1) {
    const failed = new Promise((resolve) => source.once("featuresloaderror", resolve));
    source.loadFeatures([0, 0, 1, 1], 1, projection("EPSG:3857"));
    await failed;
    assert.equal(requests.length, count);
  }
  assert.deepEqual(problems.map(({ reason, status, description }) => [reason, status, description]), [["no_data", 400, "No such layer."]]);
});

test("OpenLayers: only the last click is answered", async (context) => {
  const gone = [];
  const data = (request, response) => {
    response.on("close", () => response.writableFinished || gone.push(request.url));
    if (request.url.includes("2")) response.end("zone 2");
  };
  const { session, requests, problems } = await world(context, { data });
  const source = { getFeatureInfoUrl: ([x], resolution, { code }, { INFO_FORMAT }) => (x ? `?${x}&${resolution}&${code}&${INFO_FORMAT}` : undefined) };
  const view = { getResolution: () => 1, getProjection: () => ({ code: "EPSG:3857" }) };
  const ask = featureInfo(session.catalogue("planning"), source);
  const first = assert.rejects(ask([1, 0], view, { INFO_FORMAT: "text/plain" }), { name: "AbortError" });
  await until(() => requests.length === 1);
  assert.equal(await ask([2, 0], view, { INFO_FORMAT: "text/plain" }), "zone 2");
  await first;
  assert.equal(await ask([0, 0], view, {}), undefined);
  assert.deepEqual([requests[1].url, gone.length, problems.length], ["/pozi/?2&1&EPSG:3857&text/plain", 1, 0]);
});

test("Leaflet: tiles are drawn, those that left the view are aborted, and failures are told", async (context) => {
  context.after(() => delete globalThis.document);
  globalThis.document = { createElement: () => ({ decode: async () => {} }) };
  const gone = [];
  const data = (request, response) => {
    response.on("close", () => response.writableFinished || gone.push(request.url));
    if (request.url.includes("slow")) return;
    response.writeHead(request.url.includes("none") ? 404 : 200, PNG).end("x");
  };
  const { session, requests, problems } = await world(context, { data });
  const listeners = new Set();
  const layer = {
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    getTileUrl: (coords) => `ows/planning/?${coords}`,
  };
  assert.equal(withSession(layer, session.catalogue("planning")), layer);
  const draw = (coords) => {
    let tile;
    const promise = new Promise((resolve) => (tile = layer.createTile(coords, (error, drawn) => resolve({ error, tile: drawn }))));
    return { promise, tile };
  };
  const drawn = await draw("quick").promise;
  assert.deepEqual([drawn.error, drawn.tile.src.slice(0, 5), drawn.tile.alt], [undefined, "blob:", ""]);
  const failed = await draw("none").promise;
  assert.equal(failed.error.reason, "no_image");
  const left = draw("slow");
  await until(() => requests.length === 3);
  listeners.forEach((act) => act({ tile: left.tile }));
  assert.equal((await left.promise).error.name, "AbortError");
  await until(() => gone.length === 1);
  await until(() => listeners.size === 0);
  assert.deepEqual(problems.map(({ reason }) => reason), ["no_image"]);
});

test("MapLibre: the protocol's URLs are requests for a catalogue, and can be aborted", async (context) => {
  const gone = [];
  const data = (request, response) => {
    response.on("close", () => response.writableFinished || gone.push(request.url));
    if (request.url.includes("slow")) return;
    const isJson = request.url.includes("items");
    response.writeHead(200, isJson ? JSON_TYPE : PNG).end(isJson ? collection(zone(1)) : "png");
  };
  const { session, requests, problems } = await world(context, { data });
  const load = sessionProtocol(session);
  const ask = (url, type, controller = new AbortController()) => load({ url, type }, controller);
  const { data: image } = await ask("pozi://planning/ows/planning/?BBOX=1,2", "image");
  assert.deepEqual([new TextDecoder().decode(image), requests[0].url], ["png", "/pozi/ows/planning/?BBOX=1,2"]);
  assert.equal((await ask("pozi://planning/wfs3/items", "json")).data.features.length, 1);
  assert.match((await ask("pozi://planning/wfs3/items", "string")).data, /FeatureCollection/);
  const left = new AbortController();
  const leaving = assert.rejects(ask("pozi://planning/slow", "arrayBuffer", left), { name: "AbortError" });
  await until(() => requests.length === 4);
  left.abort();
  await leaving;
  await until(() => gone.length === 1);
  assert.deepEqual(problems, []);
  await assert.rejects(ask("pozi://assets/ows/assets/", "image"), { reason: "catalogue_not_granted" });
  await assert.rejects(ask("pozi://planning/../../other", "image"), { reason: "outside_server" });
  await assert.rejects(ask("pozi://", "image"), { reason: "catalogue_not_granted" });
  assert.equal(problems.length, 3);
});
