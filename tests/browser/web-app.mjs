// The example of a Web App, built as its page says and served from an origin of its own, with `make run` and its gate.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import { fileURLToPath } from "node:url";

import { BASE, TENANT_PORT } from "./browser.mjs";

/** The path of the site's maps. */
export const MAPS = "/riverbend/pozi/";

const FOLDER = new URL("../examples-web/", import.meta.url);
const MODULE = fileURLToPath(new URL("../../../clients/web/src", import.meta.url));
const TYPES = { css: "text/css", html: "text/html", js: "text/javascript" };

let isBuilt = false;

/**
 * Serves the Web App, configured for `service` and `tenantPort`, and for the maps at the origin `server`; `null`: at its own.
 * Returns its address `app` and its `server`.
 */
export async function serveWebApp({ service = BASE, server = BASE, tenantPort = TENANT_PORT } = {}) {
  if (!isBuilt) {
    const build = ["run", "--silent", "build", "--", "--log-level=warning", `--alias:@pozi/session=${MODULE}`];
    execFileSync("npm", build, { cwd: FOLDER });
    isBuilt = true;
  }
  // `make run` has other ports here.
  const configured = (text, own) =>
    text
      .replaceAll(`http://localhost:8080${MAPS}`, (server ?? own) + MAPS)
      .replaceAll("connect-src http://localhost:8080", `connect-src ${[...new Set(["'self'", service, server ?? own])].join(" ")}`)
      .replaceAll("http://localhost:8080", service)
      .replaceAll("localhost:8443", `localhost:${tenantPort}`);
  const files = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname.startsWith(MAPS)) return forward(request, response);
    const path = pathname.replace(/\/$/, "/index.html");
    const file = await readFile(new URL(`.${path}`, FOLDER), "utf8").catch(() => undefined);
    if (file === undefined) return response.writeHead(404).end();
    const text = configured(file, `http://${request.headers.host}`);
    response.writeHead(200, { "Content-Type": `${TYPES[path.split(".").pop()]}; charset=utf-8` }).end(text);
  });
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  return { app: `http://localhost:${files.address().port}/`, server: files };
}

/** Passes a request for the site's maps on, as a relay at the Web App's own origin does. */
function forward({ method, url, headers }, response) {
  const onward = send(BASE + url, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy()).end();
}
