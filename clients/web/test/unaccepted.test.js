// A server of the data that does not accept a session just renewed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { tileLoader } from "../src/openlayers.js";
import { world } from "./world.js";

const never = (_, response) => response.writeHead(401, { "WWW-Authenticate": 'Bearer error="invalid_token"' }).end();
const tile = () => ({ getImage: () => ({}) });

for (const [how, draw] of [
  ["one after the other", async (load) => { for (let count = 0; count < 60; count += 1) await load(tile(), `?${count}`); }],
  ["all at once", (load) => Promise.all(Array.from({ length: 60 }, (_, count) => load(tile(), `?${count}`)))],
]) {
  test(`sixty tiles, ${how}, make one exchange more, and one event`, async (context) => {
    const { session, asked, problems } = await world(context, { data: never });
    await draw(tileLoader(session.catalogue("planning")));
    assert.equal(asked.length, 2);
    await tileLoader(session.catalogue("heritage"))(tile(), "");
    assert.deepEqual(problems.map(({ reason, status }) => [reason, status]), [["session_not_accepted", 401]]);
    assert.match(problems[0].description, /invalid_token/);
  });
}

test("fetch returns the 401, and the event tells why", async (context) => {
  const { session, asked, requests, problems } = await world(context, { data: never });
  const { fetch } = session.catalogue("planning");
  for (let count = 0; count < 5; count += 1) assert.equal((await fetch("")).status, 401);
  assert.deepEqual([asked.length, requests.length, problems.length], [2, 6, 1]);
});

test("the sixty tiles are drawn if only the first session was not accepted", async (context) => {
  const data = (request, response) => response.writeHead(request.headers["x-pozi-session"] === "eyJ.session.1" ? 401 : 200, { "Content-Type": "image/png" }).end("x");
  const { session, asked, problems } = await world(context, { data });
  const images = Array.from({ length: 60 }, () => ({}));
  await Promise.all(images.map((image) => tileLoader(session.catalogue("planning"))({ getImage: () => image }, "")));
  assert.ok(images.every(({ src }) => src.startsWith("blob:")));
  assert.deepEqual([asked.length, problems.length], [2, 0]);
});

for (const [status, reason, exchanges] of [[401, "revoked", 2], [401, "policy_outdated", 2], [503, "revocations_unavailable", 1]]) {
  test(`after ${status} ${reason}, there ${exchanges > 1 ? "is one new session" : "is none"}`, async (context) => {
    const data = (request, response) => {
      const isFirst = request.headers["x-pozi-session"] === "eyJ.session.1";
      response.writeHead(isFirst ? status : 200, { "Content-Type": "application/json" }).end(JSON.stringify(isFirst ? { reason } : {}));
    };
    const { session, asked, problems } = await world(context, { data });
    const { fetch } = session.catalogue("planning");
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await fetch("")).status);
    assert.deepEqual(statuses, Array(3).fill(exchanges > 1 ? 200 : status));
    assert.deepEqual([asked.length, problems.length], [exchanges, 0]);
  });
}
