// Requests for one catalogue: their headers, their addresses, and what happens after a 401.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../src/index.js";
import { tileLoader } from "../src/openlayers.js";
import { ENTRA, granted, until, world } from "./world.js";

const reason = (expected) => (error) => error instanceof PoziError && error.reason === expected;

test("sends the session, and replaces a header that the caller set", async (context) => {
  const { session, requests } = await world(context);
  const { fetch } = session.catalogue("planning");
  const response = await fetch("ows/planning/?SERVICE=WMS", { headers: { "x-pozi-session": "forged", Accept: "image/png" } });
  assert.equal(await response.text(), "a map");
  const [{ url, headers }] = requests;
  assert.equal(url, "/pozi/ows/planning/?SERVICE=WMS");
  assert.deepEqual([headers["x-pozi-session"], headers.accept, headers.authorization], ["eyJ.session.1", "image/png", undefined]);
});

test("also sends the Entra token if asked to", async (context) => {
  const { session, requests } = await world(context, { withEntraToken: true });
  await session.catalogue("planning").fetch("wfs3.json");
  assert.equal(requests[0].headers.authorization, `Bearer ${ENTRA}`);
});

test("does not request a catalogue that the session does not open", async (context) => {
  const { session, requests } = await world(context, { answers: [granted({ scope: "planning:write" })] });
  await session.catalogue("planning").fetch("");
  for (const id of ["assets", "plan", "planning:read", ""]) {
    await assert.rejects(session.catalogue(id).fetch(""), reason("catalogue_not_granted"), id);
  }
  assert.equal(requests.length, 1);
});

test("does not take a download for reading", async (context) => {
  const { session, requests } = await world(context, { answers: [granted({ scope: "heritage:download planning:download planning:read" })] });
  await assert.rejects(session.catalogue("heritage").fetch(""), reason("catalogue_not_granted"));
  await session.catalogue("planning").fetch("");
  assert.equal(requests.length, 1);
});

test("sends requests only to the site's server", async (context) => {
  const { session, site, requests, asked } = await world(context);
  const { fetch } = session.catalogue("planning");
  const { port } = new URL(site);
  for (const address of [
    "https://elsewhere.example/pozi/",
    "//elsewhere.example/pozi/",
    "\\\\elsewhere.example/pozi/",
    `http://localhost:${port}/pozi/`,
    `https://127.0.0.1:${port}/pozi/`,
    `http://127.0.0.1:1/pozi/`,
    `http://me:secret@127.0.0.1:${port}/pozi/`,
    `http://127.0.0.1:${port}@elsewhere.example/pozi/`,
    "/",
    "/pozi",
    "/pozi-evil/",
    "../",
    "..",
    "a/../../b",
    "%2e%2e/secret",
    ".%2E/secret",
    "..%2fsecret",
    "a%2F..%2f..%2fsecret",
    "..%5csecret",
    "..\\secret",
    "data:text/plain,x",
    "javascript:alert(1)",
  ]) {
    await assert.rejects(fetch(address), reason("outside_server"), address);
  }
  assert.deepEqual([requests.length, asked.length], [0, 0]);
  for (const address of ["", "?a=../..", "./b", "b/../c", `${site}/pozi/d`, new URL(`${site}/pozi/e`)]) {
    assert.equal((await fetch(address)).status, 200, String(address));
  }
});

test("allows an encoded slash in the id of a collection or an item, and nowhere else", async (context) => {
  const { session, requests } = await world(context);
  const { fetch } = session.catalogue("planning");
  for (const address of [
    "ows/planning/wfs3/collections/roads%2Fmain/items",
    "ows/planning/wfs3/collections/roads%2fmain%2Fnew/items/a%2Fb?limit=2",
    "ows/planning/wfs3/collections/zones/items/1%2F2",
    "ows/planning/wfs3/collections/a%2Fb",
  ]) {
    await fetch(address);
    assert.equal(requests.at(-1).url, `/pozi/${address}`);
  }
  const sent = requests.length;
  for (const address of [
    "ows%2Fplanning/wfs3/collections/zones/items",
    "wfs3/collections/..%2f..%2f..%2fsecret/items",
    "wfs3/collections/%2e%2e%2fsecret",
    "wfs3/collections/a%2F.%2e/items",
    "wfs3/collections/a%5Cb/items",
    "wfs3/collections/zones/items/..%5c..%2f",
    "wfs3/collections/zones/items%2F1",
    "wfs3/collections/zones/items/1/a%2Fb",
    "wfs3/collections/zones/other/a%2Fb",
    "wfs3/collections%2Fzones",
    "items/a%2Fb",
    "wfs3/collections/a%2Fb/collections/c%2Fd",
  ]) {
    await assert.rejects(fetch(address), reason("outside_server"), address);
  }
  assert.equal(requests.length, sent);
});

test("fails on a redirect, and sends nothing to its target", async (context) => {
  const elsewhere = await world(context);
  const data = (_, response) => response.writeHead(302, { Location: `${elsewhere.site}/login` }).end();
  const { session } = await world(context, { data });
  await assert.rejects(session.catalogue("planning").fetch("", { redirect: "follow" }), reason("network_answers"));
  assert.equal(elsewhere.requests.length, 0);
});

test("renews the session after a 401 and repeats the request once", async (context) => {
  const until = (last) => (_, response, count) => response.writeHead(count > last ? 200 : 401).end("x");
  const once = await world(context, { data: until(1) });
  assert.equal((await once.session.catalogue("planning").fetch("", { method: "POST", body: "a" })).status, 200);
  assert.deepEqual(once.requests.map(({ headers, body }) => [headers["x-pozi-session"], body]), [["eyJ.session.1", "a"], ["eyJ.session.2", "a"]]);
  const ever = await world(context, { data: until(99) });
  assert.equal((await ever.session.catalogue("planning").fetch("")).status, 401);
  assert.deepEqual([ever.requests.length, ever.asked.length], [2, 2]);
  const refused = await world(context, { data: (_, response) => response.writeHead(403).end() });
  assert.equal((await refused.session.catalogue("planning").fetch("")).status, 403);
  assert.deepEqual([refused.requests.length, refused.asked.length], [1, 1]);
});

test("does not send a streamed body twice", async (context) => {
  const { session, requests } = await world(context, { data: (_, response) => response.writeHead(401).end() });
  const body = new Blob(["a"]).stream();
  const response = await session.catalogue("planning").fetch("", { method: "POST", body, duplex: "half" });
  assert.deepEqual([response.status, requests.length], [401, 1]);
});

test("renews once after several simultaneous 401s", async (context) => {
  const data = (request, response) =>
    response.writeHead(request.headers["x-pozi-session"] === "eyJ.session.1" ? 401 : 200).end();
  const { session, asked } = await world(context, { data });
  const { fetch } = session.catalogue("planning");
  const responses = await Promise.all(Array.from({ length: 12 }, () => fetch("")));
  assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
  assert.equal(asked.length, 2);
});

test("cancels requests by their own signal and by the catalogue's", async (context) => {
  const { session } = await world(context, { data: () => {} });
  const [one, all] = [new AbortController(), new AbortController()];
  const { fetch } = session.catalogue("planning", { signal: all.signal });
  const [first, second] = [fetch("", { signal: one.signal }), fetch("")];
  one.abort(new Error("this one"));
  await assert.rejects(first, /this one/);
  all.abort(new Error("all of them"));
  await assert.rejects(second, /all of them/);
  const { session: waiting, asked } = await world(context);
  const refused = waiting.catalogue("planning").fetch("", { signal: AbortSignal.abort(new Error("before")) });
  await assert.rejects(refused, /before/);
  assert.equal(asked.length, 0);
});

test("loads tiles as images, and reports what is not an image", async (context) => {
  const kinds = { "/pozi/png": [200, "image/png"], "/pozi/xml": [200, "text/xml"], "/pozi/gone": [404, "image/png"] };
  const data = (request, response) => {
    const [status, type] = kinds[request.url];
    response.writeHead(status, { "Content-Type": type }).end("x");
  };
  const { session, problems } = await world(context, { data });
  const load = async (id, src) => {
    const image = {};
    await tileLoader(session.catalogue(id))({ getImage: () => image }, src);
    return image;
  };
  const image = await load("planning", "png");
  assert.match(image.src, /^blob:/);
  const revoked = context.mock.method(URL, "revokeObjectURL");
  image.onload();
  assert.deepEqual(revoked.mock.calls[0].arguments, [image.src]);
  for (const [id, src, why] of [["planning", "xml", "no_image"], ["planning", "gone", "no_image"], ["assets", "png", "catalogue_not_granted"], ["planning", "/", "outside_server"]]) {
    problems.length = 0;
    assert.equal((await load(id, src)).src, "data:,", src);
    assert.deepEqual(problems.map((error) => error.reason), [why], src);
  }
});

test("sends a Request with its headers and body, only to the site's server and only once", async (context) => {
  const data = (request, response) => response.writeHead(request.method === "POST" ? 401 : 200).end();
  const { session, site, requests } = await world(context, { data });
  const { fetch } = session.catalogue("planning");
  const headers = { "X-Own": "1", "X-Pozi-Session": "forged" };
  const post = new Request(`${site}/pozi/wfs`, { method: "POST", body: "a plan", headers });
  assert.equal((await fetch(post)).status, 401);
  assert.equal(requests.length, 1, "its body cannot be sent again");
  const [{ url, body, headers: sent }] = requests;
  assert.deepEqual([url, body, sent["x-own"], sent["x-pozi-session"]], ["/pozi/wfs", "a plan", "1", "eyJ.session.1"]);
  assert.equal((await fetch(new Request(`${site}/pozi/wfs`))).status, 200);
  await assert.rejects(fetch(new Request(`${site}/other`)), reason("outside_server"));
  const signal = AbortSignal.abort(new Error("its own"));
  await assert.rejects(fetch(new Request(`${site}/pozi/wfs`, { signal })), /its own/);
  assert.equal(requests.length, 2);
});

test("reports a tile that needs a new sign-in, and nothing for a tile that was cancelled", async (context) => {
  const mustSignIn = Object.assign(new Error("sign in"), { errorCode: "interaction_required" });
  const tile = { getImage: () => ({}) };
  const first = await world(context, { entraToken: () => Promise.reject(mustSignIn) });
  await tileLoader(first.session.catalogue("planning"))(tile, "png");
  assert.deepEqual(first.problems.map(({ reason, cause }) => [reason, cause]), [["interaction_required", mustSignIn]]);

  const map = new AbortController();
  const second = await world(context, { data: () => {} });
  const loading = tileLoader(second.session.catalogue("planning", { signal: map.signal }))(tile, "png");
  await until(() => second.requests.length === 1);
  map.abort();
  await loading;
  assert.deepEqual(second.problems, []);
});
