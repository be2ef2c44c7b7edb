// Relays: the session goes to the configured relay for the configured server, and nowhere else.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError } from "../src/index.js";
import { relay } from "../src/relay.js";
import { ENTRA, serve, until, world } from "./world.js";

const reason = (expected) => (error) => error instanceof PoziError && error.reason === expected;

/** The server that only the relay reaches. */
const SERVER = "https://poziserver-riverbend.example/pozi/";

/** The two kinds of relays, by how they are configured, with the path that they get for an address under the server. */
const KINDS = {
  "/relay?url=": (address) => `/relay?url=${encodeURIComponent(SERVER + address)}`,
  "/data": (address) => `/data/${address}`,
  "/data/": (address) => `/data/${address}`,
};

/** A session whose requests go to a relay of this kind; it answers with `answer` and records its requests. */
async function throughRelay(context, kind, { answer = (response) => response.end("a map"), ...options } = {}) {
  const requests = [];
  const url = await serve(context, (request, response, body) => {
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(response, requests.length);
  });
  const surroundings = await world(context, { server: SERVER, relay: relay(url + kind), ...options });
  return { ...surroundings, requests, direct: surroundings.requests, ...surroundings.session.catalogue("planning") };
}

for (const [kind, path] of Object.entries(KINDS)) {
  test(`sends the session and the address to the relay ${kind}`, async (context) => {
    const { fetch, requests } = await throughRelay(context, kind, { withEntraToken: true });
    const address = "ows/planning/?SERVICE=WMS&LAYERS=a%26b&FILTER=x+y";
    for (const input of [address, SERVER + address, new URL(SERVER + address), new Request(SERVER + address)]) {
      assert.equal(await (await fetch(input)).text(), "a map");
    }
    for (const { url, headers } of requests) {
      assert.equal(url, path(address));
      assert.deepEqual([headers["x-pozi-session"], headers.authorization], ["eyJ.session.1", `Bearer ${ENTRA}`]);
    }
    assert.equal(requests.length, 4);
  });

  test(`sends what is not under the server nowhere, not even to the relay ${kind}`, async (context) => {
    const { fetch, requests, service } = await throughRelay(context, kind);
    const addresses = ["https://elsewhere.example/pozi/", "../", "..%2fsecret", "%2e%2e/secret", `${service}${kind}`, "//elsewhere.example/"];
    for (const address of addresses) {
      await assert.rejects(fetch(address), reason("outside_server"), address);
    }
    assert.equal(requests.length, 0);
  });

  test(`sends the method, the body and the headers of a Request to the relay ${kind}`, async (context) => {
    const { fetch, requests } = await throughRelay(context, kind);
    const init = { method: "POST", body: "<Transaction/>", headers: { "Content-Type": "text/xml", "X-Pozi-Session": "forged" } };
    await fetch(new Request(`${SERVER}ows/planning/`, init));
    await fetch("ows/planning/", init);
    for (const { method, url, body, headers } of requests) {
      assert.deepEqual([method, url, body], ["POST", path("ows/planning/"), "<Transaction/>"]);
      assert.deepEqual([headers["content-type"], headers["x-pozi-session"]], ["text/xml", "eyJ.session.1"]);
    }
    assert.equal(requests.length, 2);
  });

  test(`renews after a 401 from behind the relay ${kind}, and repeats the request once`, async (context) => {
    const answer = (response, count) => response.writeHead(count > 1 ? 200 : 401).end();
    const { fetch, requests, asked } = await throughRelay(context, kind, { answer });
    assert.equal((await fetch("wfs3.json")).status, 200);
    assert.deepEqual([requests.length, asked.length], [2, 2]);
  });

  test(`follows no redirect of the relay ${kind}`, async (context) => {
    const elsewhere = await world(context);
    const answer = (response) => response.writeHead(302, { Location: elsewhere.site }).end();
    const { fetch } = await throughRelay(context, kind, { answer });
    await assert.rejects(fetch("wfs3.json", { redirect: "follow" }), reason("network_answers"));
    assert.equal(elsewhere.requests.length, 0);
  });
}

test("tells problems with the address at the server", async (context) => {
  const { session, problems } = await throughRelay(context, "/relay?url=");
  await session.catalogue("planning").report(new PoziError("no_image"), "ows/planning/?REQUEST=GetMap");
  await until(() => problems.length);
  assert.equal(problems[0].url, `${SERVER}ows/planning/?REQUEST=GetMap`);
});

test("a narrower session uses the same relay", async (context) => {
  const { session, requests } = await throughRelay(context, "/data/");
  await session.narrow("planning:read").catalogue("planning").fetch("wfs3.json");
  assert.deepEqual(requests.map(({ url }) => url), ["/data/wfs3.json"]);
});

test("refuses a relay that is not safe", () => {
  for (const url of [
    "http://relay.example/?url=",
    "//relay.example/?url=",
    "/relay?url=",
    "https://me:secret@relay.example/?url=",
    "https://relay.example/?url",
    "https://relay.example/?a=b&url=",
    "https://relay.example/?url=https://other.example/?url=",
    "https://relay.example/#?url=",
    "https://relay.example/\n?url=",
    "",
    undefined,
  ]) {
    assert.throws(() => relay(url), reason("invalid_options"), url);
  }
  for (const url of ["https://relay.example?url=", "https://relay.example/a/b?target-url=", "https://relay.example", "http://localhost:8080/?url="]) {
    assert.equal(typeof relay(url), "function", url);
  }
});
