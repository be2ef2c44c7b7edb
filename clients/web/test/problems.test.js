// What the Web App is told: one event for each cause, which says where it was met and what a person can do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PoziError, sentences } from "../src/index.js";
import { tileLoader } from "../src/openlayers.js";
import { granted, refused, world } from "./world.js";

const tile = () => ({ getImage: () => ({}) });
const draw = (session, id, addresses) => Promise.all(addresses.map((address) => tileLoader(session.catalogue(id))(tile(), address)));
const tiles = Array.from({ length: 20 }, (_, index) => `ows/planning/?TILE=${index}`);

test("twenty tiles of a refused person are one event, which names the first request that met it", async (context) => {
  const { session, site, problems, asked } = await world(context, { answers: [refused(400, "no_catalogue")] });
  await draw(session, "planning", tiles);
  await draw(session, "heritage", tiles);
  assert.equal(problems.length, 1);
  const [problem] = problems;
  assert.ok(problem instanceof PoziError);
  const { reason, catalogue, url, description, status } = problem;
  assert.deepEqual([reason, catalogue, url], ["no_catalogue", "planning", `${site}/pozi/ows/planning/?TILE=0`]);
  assert.deepEqual([description, status], ["About no_catalogue.", 400]);
  assert.match(problem.forPerson, /ask your administrator/);
  assert.equal(asked.length, 2);
});

test("tiles that are no images are one event for each catalogue and status", async (context) => {
  const data = (request, response) => {
    const status = /TILE=3$/.test(request.url) ? 404 : 502;
    response.writeHead(status, { "Content-Type": "application/json" }).end('{"reason":"qgis_unreachable","description":"QGIS Server does not answer."}');
  };
  const { session, problems } = await world(context, { data });
  await draw(session, "planning", tiles);
  await draw(session, "heritage", tiles.slice(0, 2));
  const told = problems.map(({ reason, catalogue, status }) => [reason, catalogue, status].join(" ")).sort();
  assert.deepEqual(told, ["no_image heritage 502", "no_image planning 404", "no_image planning 502"]);
  assert.ok(problems.every(({ description }) => description === "QGIS Server does not answer."));
});

test("a broken tile connection is a problem of the network, with its cause", async (context) => {
  const { session, problems } = await world(context, { data: (request) => request.socket.destroy() });
  await draw(session, "planning", tiles.slice(0, 3));
  const [{ reason, cause, catalogue }] = problems;
  assert.deepEqual([problems.length, reason, catalogue, cause instanceof TypeError], [1, "network", "planning", true]);
  await assert.rejects(session.catalogue("planning").fetch(""), { name: "PoziError", reason: "network", catalogue: "planning" });
  assert.equal(problems.length, 1, "a caller receives the error of its own request");
});

test("a redirect in the place of the data is not followed, and told as such", async (context) => {
  const { session, problems } = await world(context, { data: (_, response) => response.writeHead(302, { Location: "/login" }).end() });
  await draw(session, "planning", tiles.slice(0, 3));
  assert.deepEqual(problems.map(({ reason }) => reason), ["network_answers"]);
});

test("the same cause is told again after a renewal", async (context) => {
  const { session, problems } = await world(context, { data: (_, response) => response.writeHead(404).end() });
  await draw(session, "planning", tiles);
  await session.renew();
  await draw(session, "planning", tiles);
  assert.equal(problems.length, 2);
});

test("the sentence for the person can be replaced", async (context) => {
  const before = sentences.no_catalogue;
  context.after(() => (sentences.no_catalogue = before));
  sentences.no_catalogue = "Please call the map team on extension 12.";
  const { session } = await world(context, { answers: [refused(400, "no_catalogue"), refused(400, "no_catalogue"), refused(400, "a_new_reason")] });
  await assert.rejects(session.renew(), { forPerson: "Please call the map team on extension 12." });
  await assert.rejects(session.renew(), { forPerson: `${sentences.other} “a_new_reason”.` });
});

test("an error of onProblem does not break a tile", async (context) => {
  const onProblem = () => {
    throw new Error("of the Web App");
  };
  const { session } = await world(context, { onProblem, data: (_, response) => response.writeHead(404).end() });
  const uncaught = [];
  context.mock.method(globalThis, "queueMicrotask", (act) => {
    try {
      act();
    } catch (error) {
      uncaught.push(error.message);
    }
  });
  const image = {};
  await tileLoader(session.catalogue("planning"))({ getImage: () => image }, "");
  assert.deepEqual([image.src, uncaught], ["data:,", ["of the Web App"]]);
});
