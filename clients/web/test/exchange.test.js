// The exchange: its request, which answers are valid, and callers that wait.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { inspect } from "node:util";

import { PoziError, createSession } from "../src/index.js";
import { ENTRA, granted, refused, shortcut, until, world } from "./world.js";

const reason = (expected) => (error) => error instanceof PoziError && error.reason === expected;

/** Milliseconds until a program must have exited: less than the lifetime of the session that it opens. */
const EXIT_TIMEOUT = 300_000;

test("sends a request as in RFC 8693 that needs no preflight", async (context) => {
  const { session, asked } = await world(context, { scope: "planning:read" });
  assert.equal(await session.token(), "eyJ.session.1");
  const [{ request, form }] = asked;
  assert.deepEqual([request.method, request.url], ["POST", "/oauth2/token"]);
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: ENTRA,
    scope: "planning:read",
  });
  assert.match(request.headers["content-type"], /^application\/x-www-form-urlencoded/);
  for (const header of ["authorization", "cookie", "x-pozi-session"]) assert.ok(!(header in request.headers));
});

test("makes one exchange for fifty callers, and for later ones", async (context) => {
  const { session, asked } = await world(context);
  const tokens = await Promise.all(Array.from({ length: 50 }, () => session.token()));
  assert.equal(new Set([...tokens, await session.token()]).size, 1);
  assert.equal(asked.length, 1);
});

test("cancels the request only when the last caller stops waiting", async (context) => {
  let response;
  const slow = (_, own) => (response = own);
  const { session, asked } = await world(context, { answers: [slow] });
  const one = new AbortController();
  const given = session.token({ signal: one.signal });
  const other = session.token();
  await until(() => asked.length === 1);
  one.abort(new Error("no longer"));
  await assert.rejects(given, /no longer/);
  response.end(JSON.stringify(granted()[1]));
  assert.equal(await other, "eyJ.session.1");

  const { session: lonely, asked: again } = await world(context, { answers: [slow, granted()] });
  const all = [new AbortController(), new AbortController()];
  const waiting = all.map(({ signal }) => lonely.token({ signal }));
  await until(() => again.length === 1);
  all.forEach((controller) => controller.abort());
  for (const wait of waiting) await assert.rejects(wait, { name: "AbortError" });
  await until(() => response.closed);
  assert.equal(await lonely.token(), "eyJ.session.2");
});

test("does not exchange for a signal that has already aborted", async (context) => {
  const { session, asked, tokens } = await world(context);
  await assert.rejects(session.token({ signal: AbortSignal.abort(new Error("never mind")) }), /never mind/);
  assert.deepEqual([asked.length, tokens.length], [0, 0]);
});

test("keeps the code, reason, description and status of a refusal", async (context) => {
  const { session, asked } = await world(context, { answers: [refused(400, "unknown_tenant")] });
  await assert.rejects(session.token(), (thrown) => {
    const { name, error, reason: why, description, status, retryAfter, message } = thrown;
    assert.deepEqual([name, error, why, status], ["PoziError", "invalid_request", "unknown_tenant", 400]);
    assert.deepEqual([description, message, retryAfter], ["About unknown_tenant.", "About unknown_tenant.", undefined]);
    assert.doesNotMatch(inspect(thrown), /eyJ/);
    return thrown instanceof PoziError;
  });
  assert.equal(asked.length, 1);
});

test("tries again after a broken connection", async (context) => {
  const { session, asked } = await world(context, { answers: [(request) => request.socket.destroy(), granted()] });
  assert.equal(await session.token(), "eyJ.session.2");
  assert.equal(asked.length, 2);
});

test("can be cancelled while it waits to try again", async (context) => {
  const { session, asked } = await world(context, { answers: [refused(503, "x", { "Retry-After": "2" })] });
  const giveUp = new AbortController();
  const token = session.token({ signal: giveUp.signal });
  await until(() => asked.length === 1);
  giveUp.abort();
  await assert.rejects(token, { name: "AbortError" });
});

test("rejects an answer that is not a session", async (context) => {
  for (const [name, answer] of Object.entries({
    nothing: [200, ""],
    null: [200, "null"],
    list: [200, "[]"],
    "no token": granted({ access_token: undefined }),
    "an empty token": granted({ access_token: " " }),
    "a token that is not text": granted({ access_token: { toString: 1 } }),
    "a token that only looks like text": granted({ access_token: { trim: 1 } }),
    "another type": granted({ token_type: "DPoP" }),
    "no type": granted({ token_type: undefined }),
    "no life": granted({ expires_in: 0 }),
    "a life in words": granted({ expires_in: "soon" }),
    "no scope": granted({ scope: "" }),
    "a scope that is not text": granted({ scope: ["planning:read"] }),
    "a refusal with 200": [200, { error: "invalid_request", reason: "no_catalogue" }],
    "an empty 400": [400, ""],
  })) {
    const { session } = await world(context, { answers: [answer] });
    await assert.rejects(session.token(), reason("bad_answer"), name);
    assert.equal(session.info, undefined, name);
  }
});

test("does not follow a redirect of the exchange", async (context) => {
  const elsewhere = await world(context);
  const redirect = (_, response) => response.writeHead(307, { Location: `${elsewhere.service}/oauth2/token` }).end();
  const { session, asked } = await world(context, { answers: [redirect] });
  await assert.rejects(session.token(), reason("network_answers"));
  assert.equal(asked.length, 1);
  assert.equal(elsewhere.asked.length, 0);
});

test("ends pending calls, later calls and narrowed sessions", async (context) => {
  const { session, asked } = await world(context, { answers: [granted(), () => {}] });
  await session.token();
  const narrow = session.narrow("planning:read");
  const waiting = narrow.token();
  await until(() => asked.length === 2);
  assert.equal(asked[1].form.get("scope"), "planning:read");
  session.end();
  session.end();
  for (const call of [waiting, narrow.token(), session.token(), session.renew()]) {
    await assert.rejects(call, reason("ended"));
  }
  assert.deepEqual([session.info, narrow.info], [undefined, undefined]);
});

test("can be ended in onRenewed", async (context) => {
  const made = await world(context, { onRenewed: () => made.session.end() });
  await assert.rejects(made.session.token(), reason("ended"));
});

test("ends when the signal in its options aborts", async (context) => {
  const over = new AbortController();
  const { session } = await world(context, { signal: over.signal });
  await session.token();
  over.abort(new Error("signed out"));
  await assert.rejects(session.token(), /signed out/);
  assert.equal(session.info, undefined);
});

test("rejects unsafe URLs", () => {
  const good = { service: "https://auth.example", server: "https://pozi.example/pozi", entraToken: () => ENTRA };
  createSession(good).end();
  for (const own of ["http://localhost:8080", "http://localhost", "http://127.0.0.1/", "http://[::1]:8080/a"]) {
    for (const name of ["service", "server"]) createSession({ ...good, [name]: own }).end();
  }
  for (const bad of ["", "https://", "https://auth. example", "http://localhost@auth.example/", "auth.example", "http://auth.example", "ftp://auth.example", "https://me@auth.example", "https://auth.example/?a", undefined, "http://localhost.evil.example"]) {
    for (const name of ["service", "server"]) {
      assert.throws(() => createSession({ ...good, [name]: bad }), reason("invalid_options"), `${name}: ${bad}`);
    }
  }
});

test("does not take an error of onRenewed for a broken connection", async (context) => {
  const mistake = new Error("of the Web App");
  const onRenewed = () => {
    throw mistake;
  };
  const { session, asked } = await world(context, { onRenewed });
  await assert.rejects(session.token(), mistake);
  assert.equal(await session.token(), "eyJ.session.1");
  assert.equal(asked.length, 1);
});

test("sends no cookie, and returns no session to a caller that has already cancelled", async (context) => {
  const { session } = shortcut(context);
  await session.token();
  const [, { credentials }] = globalThis.fetch.mock.calls[0].arguments;
  assert.equal(credentials, "omit");
  await assert.rejects(session.token({ signal: AbortSignal.abort(new Error("before")) }), /before/);
});

test("does not keep a program running", async (context) => {
  const { service } = await world(context);
  const options = `{ service: "${service}", server: "http://localhost/", entraToken: () => "eyJ.entra" }`;
  const program = `
    import { createSession } from "${new URL("../src/index.js", import.meta.url)}";
    process.stdout.write(await createSession(${options}).token());`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { timeout: EXIT_TIMEOUT });
  const ended = once(child, "exit");
  let printed = "";
  for await (const chunk of child.stdout) printed += chunk;
  assert.deepEqual([await ended, printed], [[0, null], "eyJ.session.1"]);
});
