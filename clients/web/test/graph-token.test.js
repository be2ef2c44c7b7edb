// A person in more groups than a token can list: one more token, for Microsoft Graph, is acquired and sent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { msalTokens } from "../src/msal.js";
import { clocks, granted, refused, settle, shortcut } from "./world.js";

const GRAPH = "https://graph.microsoft.com/User.Read";
const rejection = (promise) => promise.then(() => assert.fail("it did not reject"), (error) => error);
const msalError = (errorCode) => Object.assign(new Error(errorCode), { errorCode });

/** The refusal of a person in too many groups. */
function overage(graph_scope = GRAPH) {
  const [status, body] = refused(400, "groups_overage");
  return [status, { ...body, graph_scope }];
}

/** A session whose Entra tokens are those of `graph` for Graph's scope. Returns the requests for tokens too. */
function desk(context, answers, graph = () => "eyJ.graph") {
  const wanted = [];
  let cached = "eyJ.entra.false";
  const entraToken = ({ forceRefresh, scopes }) => {
    wanted.push([scopes?.[0], forceRefresh]);
    if (forceRefresh && !scopes) cached = "eyJ.entra.true";
    return scopes ? graph({ forceRefresh, scopes, cached }) : cached;
  };
  return { ...shortcut(context, { answers, entraToken }), wanted };
}

const sent = ({ asked }) => asked.map(({ form }) => [form.get("subject_token"), form.get("graph_token")]);

test("the Graph token is sent with the same Entra token, and with every renewal", async (context) => {
  const clock = clocks(context);
  context.mock.method(Math, "random", () => 0);
  const own = desk(context, [overage(), granted()]);
  assert.equal(await own.session.token(), "eyJ.session.2");
  assert.deepEqual(own.wanted, [[undefined, false], [undefined, false], [GRAPH, false]]);
  assert.deepEqual(sent(own), [["eyJ.entra.false", null], ["eyJ.entra.false", "eyJ.graph"]]);
  await clock.pass(425);
  assert.deepEqual(sent(own).slice(2), [["eyJ.entra.false", "eyJ.graph"]], "a renewal needs one exchange");
  await own.session.renew({ fresh: true });
  assert.deepEqual(own.wanted.slice(-2), [[undefined, true], [GRAPH, true]]);
});

test("a person whose token lists the groups is asked for no other token", async (context) => {
  clocks(context);
  const own = desk(context, [granted()]);
  await own.session.token();
  assert.deepEqual([own.wanted, sent(own)], [[[undefined, false]], [["eyJ.entra.false", null]]]);
});

test("no answer makes the module acquire a token for another scope", async (context) => {
  clocks(context);
  for (const scope of [
    undefined,
    "",
    "User.Read",
    "https://graph.microsoft.com/Mail.Read",
    "https://graph.microsoft.com/User.Read Mail.Read",
    "https://graph.microsoft.com/.default",
    "https://graph.microsoft.com.example/User.Read",
    "http://graph.microsoft.com/User.Read",
    [GRAPH, "https://graph.microsoft.com/Mail.Read"],
    { 0: GRAPH },
  ]) {
    const own = desk(context, [overage(scope ?? null)]);
    assert.equal((await rejection(own.session.token())).reason, "groups_overage");
    assert.deepEqual(own.wanted, [[undefined, false], [undefined, true]], String(scope));
  }
  for (const reason of ["no_catalogue", "groups_in_roles"]) {
    const [status, body] = refused(400, reason);
    const own = desk(context, [[status, { ...body, graph_scope: GRAPH }]]);
    await rejection(own.session.token());
    assert.deepEqual(own.wanted.map(([scope]) => scope), [undefined, undefined]);
  }
  for (const host of ["graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"]) {
    const own = desk(context, [overage(`https://${host}/User.Read`), granted()]);
    await own.session.token();
    assert.deepEqual(own.wanted.at(-1), [`https://${host}/User.Read`, false]);
  }
});

for (const [what, graph] of [
  ["Entra wants consent", () => Promise.reject(msalError("consent_required"))],
  ["its source fails", () => Promise.reject(new TypeError("unknown option"))],
  ["its source knows no scopes", ({ cached }) => cached],
  ["its source returns nothing", () => undefined],
]) {
  test(`without a Graph token, as when ${what}, the refusal is told as before`, async (context) => {
    clocks(context);
    const own = desk(context, [overage()], graph);
    const error = await rejection(own.session.token());
    assert.deepEqual([error.reason, error.status], ["groups_overage", 400]);
    assert.deepEqual(sent(own), [["eyJ.entra.false", null], ["eyJ.entra.true", null]]);
    for (let count = 0; count < 50; count += 1) await rejection(own.session.token());
    assert.equal(own.asked.length, 2, "the refusal is remembered");
    assert.equal((await rejection(own.session.renew())).reason, "groups_overage");
    assert.equal(own.asked.length, 4, "what failed with Graph's token is not remembered of the site's");
  });
}

test("a Graph token that Graph refuses is replaced once by a fresh one", async (context) => {
  clocks(context);
  const graph = ({ forceRefresh }) => `eyJ.graph.${forceRefresh}`;
  const own = desk(context, [overage(), refused(400, "graph_token_refused"), granted()], graph);
  await own.session.token();
  assert.deepEqual(sent(own).slice(1), [["eyJ.entra.false", "eyJ.graph.false"], ["eyJ.entra.true", "eyJ.graph.true"]]);
  const ill = desk(context, [overage(), refused(400, "graph_token_refused")], graph);
  assert.equal((await rejection(ill.session.token())).reason, "graph_token_refused");
  assert.equal(ill.asked.length, 3);
});

test("an outage of the network or of Graph is waited for", async (context) => {
  const clock = clocks(context);
  let count = 0;
  const graph = () => {
    count += 1;
    if (count === 1) throw msalError("network_error");
    return "eyJ.graph";
  };
  const own = desk(context, [overage(), refused(503, "graph_unavailable", { "Retry-After": "5" }), granted()], graph);
  const token = own.session.token();
  await clock.pass(20);
  assert.equal(await token, "eyJ.session.3");
  assert.deepEqual(sent(own).map(([, graph]) => graph), [null, "eyJ.graph", "eyJ.graph"]);
});

test("a session that ends meanwhile sends nothing more", async (context) => {
  clocks(context);
  const own = desk(context, [overage(), granted()], () => new Promise(() => {}));
  const error = rejection(own.session.token());
  for (let count = 0; count < 5; count += 1) await settle();
  own.session.end();
  assert.equal((await error).reason, "ended");
  assert.equal(own.asked.length, 1);
});

test("MSAL acquires it for the same account, and nothing has to be configured", async (context) => {
  clocks(context);
  const [account, scopes] = [{ homeAccountId: "olive.riverbend" }, ["https://poziserver-riverbend.example/pozi/user_impersonation"]];
  const calls = [];
  const msal = {
    acquireTokenSilent: async (request) => (calls.push(request), { accessToken: `eyJ.${request.scopes[0].length}` }),
    addEventCallback: () => "1",
    removeEventCallback: () => {},
  };
  const own = shortcut(context, { answers: [overage(), granted()], ...msalTokens(msal, { scopes, account }) });
  await own.session.token();
  assert.deepEqual(calls.at(-1), { scopes: [GRAPH], account, forceRefresh: false });
  assert.deepEqual(own.asked.map(({ form }) => form.get("graph_token")), [null, `eyJ.${GRAPH.length}`]);
});
