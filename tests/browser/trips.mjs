// Ways to servers on this machine on which a trip takes time, and the record of what a page sends.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Opens a way to `port` on which a trip, there and back, takes `delay` milliseconds, and a new connection one trip more, as with
 * TCP. Returns its port and how to close it.
 */
export async function openWay(port, delay) {
  const server = createServer({ noDelay: true }, (near) => {
    const opened = performance.now() + delay;
    const far = connect({ port, host: "127.0.0.1", noDelay: true });
    pass(near, far, () => Math.max(performance.now(), opened) + delay / 2);
    pass(far, near, () => performance.now() + delay / 2);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, close: () => server.close() };
}

/** Passes on what comes `from` a connection, each piece when it is `due`. */
function pass(from, to, due) {
  let last = Promise.resolve();
  const then = (act) => {
    const at = due();
    last = last.then(() => wait(Math.max(0, at - performance.now()))).then(act);
  };
  from.on("data", (piece) => then(() => to.write(piece)));
  from.on("end", () => then(() => to.end()));
  for (const end of [from, to]) end.on("error", () => from.destroy() && to.destroy());
}

/**
 * Records what `page` sends, also what Playwright hides: the browser's own questions before a request (CORS preflights). Returns the
 * requests { url, method, kind, start, end, connects }, times in milliseconds; `connects` is whether it had to open a connection.
 */
export async function recordRequests(context, page) {
  const requests = new Map();
  const devTools = await context.newCDPSession(page);
  await devTools.send("Network.enable");
  devTools.on("Network.requestWillBeSent", ({ requestId, request: { url, method }, timestamp, type }) => {
    requests.set(requestId, { url, method, kind: type, start: timestamp * 1000, end: Infinity, connects: false });
  });
  devTools.on("Network.responseReceived", ({ requestId, response: { timing } }) => {
    const own = requests.get(requestId);
    if (own) own.connects = timing?.connectEnd > timing?.connectStart;
  });
  // A tile that has left the view is given up.
  devTools.on("Network.loadingFailed", ({ requestId }) => requests.delete(requestId));
  devTools.on("Network.loadingFinished", ({ requestId, timestamp }) => {
    const own = requests.get(requestId);
    if (!own) return;
    own.end = timestamp * 1000;
    if (own.method !== "OPTIONS") return;
    // The request that the browser asked for has waited until now.
    for (const other of requests.values()) {
      if (other.url === own.url && other.end === Infinity) other.start = Math.max(other.start, own.end);
    }
  });
  return () => [...requests.values()];
}

/** Returns the longest chain of `requests` that ends with `last`, in which each began after the one before had ended. */
export function chainTo(last, requests) {
  const before = requests.filter(({ end }) => end <= last.start);
  const chains = before.map((request) => chainTo(request, before));
  return [...chains.reduce((longest, chain) => (chain.length > longest.length ? chain : longest), []), last];
}
