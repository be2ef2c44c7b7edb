// The surroundings of a session in tests: a real exchange and a real data server on this machine, and mocked clocks.

import { once } from "node:events";
import { createServer } from "node:http";

import { createSession } from "../src/index.js";
// Loaded before a test that mocks the time, in which nothing can be waited for.
import "../src/troubles.js";

/** Not a real token, but recognisable if it leaks. */
export const ENTRA = "eyJ.entra.token";

/**
 * Whether this process uses real or mocked time. Node.js's connections set and clear timers with the global functions: a
 * timer that is set with the real function and cleared with a mocked one fires after its connection is gone, and fails the
 * file after its test has ended. So a test file, which is one process, uses real connections or mocked timers, not both.
 */
let time;
function useTime(own) {
  time ??= own;
  if (time !== own) throw new Error(`this file already uses ${time} time and cannot use ${own} time`);
}

/** Starts a server that calls `answer(request, response, body)` and stops with the test; returns its URL. */
export async function serve(context, answer) {
  useTime("real");
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(request, response, body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.closeAllConnections() ?? server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** The answer of a granted exchange. */
export const granted = (more = {}) => [
  200,
  { access_token: "eyJ.session.1", token_type: "Bearer", expires_in: 600, scope: "heritage:read planning:read", ...more },
];

/** The answer of a refused exchange. */
export const refused = (status, reason, headers = {}) => [
  status,
  { error: "invalid_request", reason, error_description: `About ${reason}.` },
  headers,
];

/**
 * A session with a real exchange and data server, which record their requests. The exchange gives `answers` in turn and
 * repeats the last; an answer may also be a function `(request, response)`.
 */
export async function world(context, { answers = [granted()], data, ...options } = {}) {
  const asked = [];
  const problems = [];
  const renewed = [];
  const tokens = [];
  const service = await serve(context, (request, response, body) => {
    asked.push({ request, form: new URLSearchParams(body) });
    const next = answers[Math.min(asked.length, answers.length) - 1];
    if (typeof next === "function") return next(request, response);
    const [status, answer, headers = {}] = next;
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(text.replace("session.1", `session.${asked.length}`));
  });
  const requests = [];
  const site = await serve(context, (request, response, body) => {
    requests.push({ url: request.url, headers: request.headers, body });
    (data ?? ((_, answer) => answer.end("a map")))(request, response, requests.length);
  });
  const session = createSession({
    service,
    server: `${site}/pozi/`,
    entraToken: (request) => (tokens.push(request.forceRefresh), ENTRA),
    onProblem: (problem) => problems.push(problem),
    onRenewed: (info) => renewed.push(info),
    ...options,
  });
  context.after(() => session.end());
  return { session, service, site, asked, requests, problems, renewed, tokens };
}

/**
 * A session without a network, for tests with mocked clocks. The exchange gives `answers` as in {@link world}; a function
 * returns one, or a promise of one.
 */
export function shortcut(context, { answers = [granted()], ...options } = {}) {
  const [asked, problems, renewed] = [[], [], []];
  // Otherwise the end of the test would restore the previous mock.
  globalThis.fetch.mock?.restore();
  context.mock.method(globalThis, "fetch", async (_, { body }) => {
    asked.push({ form: body });
    const count = asked.length;
    const next = answers[Math.min(count, answers.length) - 1];
    const [status, answer, headers] = typeof next === "function" ? await next() : next;
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return new Response(text.replace("session.1", `session.${count}`), { status, headers });
  });
  const session = createSession({
    service: "https://auth.example",
    server: "https://pozi.example/pozi/",
    entraToken: () => ENTRA,
    onProblem: (problem) => problems.push(problem),
    onRenewed: (info) => renewed.push(info),
    ...options,
  });
  context.after(() => session.end());
  return { session, asked, problems, renewed };
}

/** Mocks the wall clock, the monotonic clock and timers; time passes only through the functions returned. */
export function clocks(context) {
  useTime("mocked");
  const real = performance.now;
  let steady = 1_000;
  performance.now = () => steady;
  context.after(() => (performance.now = real));
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  return {
    /** Lets `seconds` pass, in small steps so that each timer fires at its time. */
    async pass(seconds) {
      await settle();
      for (let left = seconds; left > 0; left -= 1) {
        const step = Math.min(left, 1) * 1000;
        steady += step;
        context.mock.timers.tick(step);
        await settle();
      }
    },
    /** Lets the machine sleep: the wall clock advances, the monotonic clock does not, and no timer fires. */
    sleep(seconds) {
      context.mock.timers.setTime(Date.now() + seconds * 1000);
    },
    /** Moves the mocked timers' clock back by `milliseconds`, for the next case of one test. */
    back(milliseconds) {
      context.mock.timers.setTime(Date.now() - milliseconds);
    },
    /** Moves the wall clock by `seconds`. */
    set(seconds) {
      const now = Date.now() + seconds * 1000;
      Date.now = () => now;
    },
  };
}

/** Lets pending promises settle. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until `condition` is true, at most 10 seconds. */
export async function until(condition) {
  for (let count = 0; count < 1_000; count += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the condition did not become true within 10 seconds");
}
