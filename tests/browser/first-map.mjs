// Measures what happens between the sign-in and the first map, in a browser, through the whole service: run by the benchmark
// `first_map`, which reads what this writes to the file POZI_RESULT.

import { writeFile } from "node:fs/promises";
import { test } from "node:test";

import { BASE, TENANT_PORT, confirm, startBrowser, stopBrowser } from "./browser.mjs";
import { chainTo, openWay, recordRequests } from "./trips.mjs";
import { MAPS, serveWebApp } from "./web-app.mjs";

/** How often each way is measured. */
const RUNS = Number(process.env.POZI_RUNS);
/** Milliseconds of a trip: none, so that only the machine's own time counts; and as to a server elsewhere, so that trips do. */
const DELAYS = [0, 50];
/** Milliseconds without a request after which the page is taken to be done. */
const QUIET = 1_000;

const isExchange = ({ url, method }) => method === "POST" && new URL(url).pathname === "/oauth2/token";
const isTokenOfEntra = ({ url, method }) => method === "POST" && new URL(url).pathname.endsWith("/oauth2/v2.0/token");
const isMap = ({ url, method }) => method === "GET" && url.includes("REQUEST=GetMap");
const isPreflight = ({ method }) => method === "OPTIONS";
const isFile = ({ kind }) => ["Document", "Script", "Stylesheet"].includes(kind);

/** Waits until `all()` has a request like `wanted` that has ended, and none begins any more. */
async function untilQuiet(all, wanted) {
  for (let count = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, QUIET));
    const requests = all();
    const isDone = requests.some((request) => wanted(request) && request.end < Infinity);
    // The browser does not tell the end of a preflight whose tile is given up.
    const isRunning = requests.some((request) => request.end === Infinity && !isPreflight(request));
    if (isDone && !isRunning && requests.length === count) return requests;
    count = requests.length;
  }
}

/** Signs a person in, and returns what the page sent, then and when it was loaded again. */
async function sent(app) {
  const browser = await startBrowser();
  try {
    const page = await browser.context.newPage();
    await page.goto(app);
    const all = await recordRequests(browser.context, page);
    await page.getByRole("button", { name: "Sign in" }).click();
    await confirm(page, "reader");
    const first = await untilQuiet(all, isMap);
    await page.reload();
    await new Promise((resolve) => setTimeout(resolve, QUIET));
    return { first, again: (await untilQuiet(all, isMap)).filter((request) => !first.includes(request)) };
  } finally {
    await stopBrowser(browser);
  }
}

/** Measures one sign-in. `isOwn`: the maps come through the Web App's own origin, not from another one. */
async function measure(delay, isOwn) {
  const port = new URL(BASE).port;
  const ways = await Promise.all([port, port, TENANT_PORT].map((to) => openWay(to, delay)));
  const [service, server, tenant] = ways;
  const origin = ({ port }) => `http://localhost:${port}`;
  const web = await serveWebApp({ service: origin(service), server: isOwn ? null : origin(server), tenantPort: tenant.port });
  const own = new URL(web.app).port;
  const toApp = await openWay(own, delay);
  try {
    const { first, again } = await sent(origin(toApp) + "/");
    return figures(first, again);
  } finally {
    for (const way of [...ways, toApp]) way.close();
    web.server.closeAllConnections();
    web.server.close();
  }
}

function figures(first, again) {
  const signedIn = first.find(isTokenOfEntra).end;
  const after = first.filter(({ start, end, kind }) => start >= signedIn && end < Infinity && !isFile({ kind }));
  const maps = after.filter(isMap).toSorted((one, other) => one.end - other.end);
  const last = maps[maps.length - 1];
  const chain = chainTo(maps[0], after);
  const exchange = first.find(isExchange);
  const name = (request) => (isPreflight(request) ? "preflight" : isMap(request) ? "map" : isExchange(request) ? "exchange" : "another");
  return {
    trips: chain.length,
    connections: chain.filter(({ connects }) => connects).length,
    chain: chain.map((request) => name(request) + (request.connects ? " on a new connection" : "")).join(", "),
    exchangePreflights: first.filter((request) => isPreflight(request) && request.url === exchange.url).length,
    maps: maps.length,
    mapPreflights: first.filter((request) => isPreflight(request) && request.url.includes(MAPS)).length,
    mapPreflightsAgain: again.filter((request) => isPreflight(request) && request.url.includes(MAPS)).length,
    milliseconds: maps[0].end - signedIn,
    millisecondsOfAll: last.end - signedIn,
    queries: maps.filter(({ url }) => url.includes("/ows/planning/")).map(({ url }) => new URL(url).search.slice(1)),
  };
}

test("from the sign-in to the first map", async (context) => {
  const results = [];
  // QGIS Server takes seconds for its first map.
  await measure(0, true);
  for (let run = 0; run < RUNS; run++) {
    for (const delay of DELAYS) {
      for (const isOwn of [true, false]) {
        const result = { delay, isOwn, ...(await measure(delay, isOwn)) };
        context.diagnostic(JSON.stringify({ ...result, queries: undefined }));
        results.push(result);
      }
    }
  }
  await writeFile(process.env.POZI_RESULT, JSON.stringify(results));
});
