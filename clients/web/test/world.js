// What a session lives in, for tests: a real exchange and a real server of data on this machine, and clocks to set.

import { once } from "node:events";
import { createServer } from "node:http";

import { createSession } from "../pozi-session.js";

/** Nobody's token, and yet one that a leak would show. */
export const ENTRA = "eyJ.entra.token";

/**
 * What this process does about time. Node.js's own connections set timers and clear them by the global functions: one that
 * was set by the real clock and is cleared by a mocked one goes off when its connection is long gone, and fails the file
 * for a test that is over. So real connections and mocked timers do not share a file, which is a process.
 */
let time;
function goesBy(own) {
  time ??= own;
  if (time !== own) throw new Error(`a file whose time is ${time} cannot have time that is ${own}`);
}

/** Starts a server that answers by `answer(request, response, body)`; it ends with the test. */
export async function serve(context, answer) {
  goesBy("real");
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

/** A granted exchange. */
export const granted = (more = {}) => [
  200,
  { access_token: "eyJ.session.1", token_type: "Bearer", expires_in: 600, scope: "heritage:read planning:read", ...more },
];

/** A refused one. */
export const refused = (status, reason, headers = {}) => [
  status,
  { error: "invalid_request", reason, error_description: `About ${reason}.` },
  headers,
];

/**
 * A world in which the exchange gives `answers` one after the other and the last again and again; a number's own function
 * may answer by itself. Counts what was asked.
 */
export async function world(context, { answers = [granted()], data, ...options } = {}) {
  const asked = [];
  const troubles = [];
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
    onProblem: (problem) => troubles.push(problem),
    onRenewed: (info) => renewed.push(info),
    ...options,
  });
  context.after(() => session.end());
  return { session, service, site, asked, requests, troubles, renewed, tokens };
}

/**
 * A world without a wire, for tests that set clocks: a real connection would see hours pass while it is made. The exchange
 * gives `answers` as in {@link world}; a function gives one, or a promise of one.
 */
export function shortcut(context, { answers = [granted()], ...options } = {}) {
  const [asked, troubles, renewed] = [[], [], []];
  // Otherwise the end of the test would put back this one's.
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
    onProblem: (problem) => troubles.push(problem),
    onRenewed: (info) => renewed.push(info),
    ...options,
  });
  context.after(() => session.end());
  return { session, asked, troubles, renewed };
}

/** Two clocks that stand still until they are moved, one of them steady; timers are mocked by node. */
export function clocks(context) {
  goesBy("mocked");
  const real = performance.now;
  let steady = 1_000;
  performance.now = () => steady;
  context.after(() => (performance.now = real));
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  return {
    /** Time passes, in seconds, in small steps so that timers fire at theirs. */
    async pass(seconds) {
      await breathe();
      for (let left = seconds; left > 0; left -= 1) {
        const step = Math.min(left, 1) * 1000;
        steady += step;
        context.mock.timers.tick(step);
        await breathe();
      }
    },
    /** The machine sleeps: the wall clock goes on, the steady one stands, and no timer fires. */
    sleep(seconds) {
      context.mock.timers.setTime(Date.now() + seconds * 1000);
    },
    /** Somebody sets the wall clock. */
    set(seconds) {
      const now = Date.now() + seconds * 1000;
      Date.now = () => now;
    },
  };
}

/** Lets promises do their work. */
export const breathe = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until `look` sees something. */
export async function until(look) {
  for (let count = 0; count < 1_000; count += 1) {
    if (look()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came");
}
