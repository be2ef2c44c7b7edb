// The example of a Web App, built as its page says and served from an origin of its own, with `make run` and its gate.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { BASE, PEOPLE, TENANT_PORT, checkAccessibility, confirm, reset, screenshot, setTenant, withBrowser } from "./browser.mjs";

const FOLDER = new URL("../examples-web/", import.meta.url);
const MODULE = fileURLToPath(new URL("../../../clients/web/src", import.meta.url));
const TYPES = { css: "text/css", html: "text/html", js: "text/javascript" };

let app;
let server;

before(async () => {
  execFileSync("npm", ["run", "--silent", "build", "--", "--log-level=warning", `--alias:@pozi/session=${MODULE}`], { cwd: FOLDER });
  server = createServer(async ({ url }, response) => {
    const path = new URL(url, "http://localhost").pathname.replace(/\/$/, "/index.html");
    const file = await readFile(new URL(`.${path}`, FOLDER), "utf8").catch(() => undefined);
    if (file === undefined) return response.writeHead(404).end();
    // `make run` has other ports here.
    const text = file.replaceAll("http://localhost:8080", BASE).replaceAll("localhost:8443", `localhost:${TENANT_PORT}`);
    response.writeHead(200, { "Content-Type": `${TYPES[path.split(".").pop()]}; charset=utf-8` }).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  app = `http://localhost:${server.address().port}/`;
});
after(() => server.closeAllConnections() ?? server.close());
afterEach(reset);

/** Opens the Web App in a browser in which nobody has signed in. */
const withApp = (act) =>
  withBrowser({}, async (browser) => {
    const { page } = browser;
    await page.goto(app);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await act(browser);
    const foreign = browser.messages.filter((text) => /Content Security Policy|Uncaught/.test(text));
    assert.deepEqual(foreign, []);
  });

async function signIn(page, person) {
  await page.getByRole("button", { name: "Sign in" }).click();
  await confirm(page, person);
  await page.getByText(PEOPLE[person]).waitFor();
}

const catalogues = async (page) => {
  await page.locator("#catalogues").waitFor();
  return page.locator("#catalogues label").allInnerTexts().then((texts) => texts.map((text) => text.trim()));
};

test("shows the maps that the person's groups open, and ends with the sign-out", () =>
  withApp(async ({ page }) => {
    const sent = [];
    page.on("request", (request) => request.url().includes("/ows/") && sent.push(request));
    await signIn(page, "reader");
    assert.deepEqual(await catalogues(page), ["Planning and zoning", "Heritage register"]);
    const answers = { planning: undefined, heritage: undefined };
    for (const id of Object.keys(answers)) answers[id] = await page.waitForResponse((response) => response.url().includes(`/ows/${id}/`));
    // Without QGIS Server, the gate's answer is 502.
    for (const [id, answer] of Object.entries(answers)) assert.ok([200, 502].includes(answer.status()), `${id}: ${answer.status()}`);
    assert.ok(sent.every((request) => request.url().startsWith(`${BASE}/riverbend/pozi/ows/`) && !request.url().includes("/ows/assets/")));
    await page.getByLabel("Planning and zoning").uncheck();
    await checkAccessibility(page, "the Web App with its maps");
    await screenshot(page, "web-app");

    await page.reload();
    assert.deepEqual(await catalogues(page), ["Planning and zoning", "Heritage register"]);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    assert.ok(await page.locator("#catalogues").isHidden());
  }));

test("shows more to who may see more", () =>
  withApp(async ({ page }) => {
    await signIn(page, "editor");
    assert.deepEqual(await catalogues(page), ["Planning and zoning", "Roads and drains", "Heritage register"]);
  }));

test("tells a refused person what to do, and the administrator why", () =>
  withApp(async ({ page }) => {
    await signIn(page, "no-groups");
    const alert = page.getByRole("alert");
    await alert.getByText("administrator").first().waitFor();
    assert.ok(await page.locator("#catalogues").isHidden());
    const exchanged = page.waitForResponse(`${BASE}/oauth2/token`);
    await alert.getByRole("button", { name: "Try again" }).click();
    assert.equal((await (await exchanged).json()).reason, "no_catalogue");
    await alert.getByText("For the administrator").click();
    await alert.getByText(/^no_catalogue · /).waitFor();
    await checkAccessibility(page, "the Web App's refusal");
    await screenshot(page, "web-app-refused");
  }));

test("shows the number of Entra's error", () =>
  withApp(async ({ page }) => {
    await setTenant("mistakes/scope-missing");
    await page.getByRole("button", { name: "Sign in" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("For the administrator").click();
    await alert.getByText(/AADSTS65005/).waitFor();
    assert.ok(await alert.getByRole("button", { name: "Try again" }).isHidden());
  }));
