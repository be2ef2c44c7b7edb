// The example of a Web App, built as its page says and served from an origin of its own, with `make run` and its gate.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";

import { BASE, PEOPLE, checkAccessibility, confirm, reset, screenshot, setTenant, withBrowser } from "./browser.mjs";
import { serveWebApp } from "./web-app.mjs";

let app;
let server;

before(async () => {
  ({ app, server } = await serveWebApp());
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
    const givenUp = [];
    page.on("request", (request) => request.url().includes("/ows/") && sent.push(request));
    page.on("requestfailed", (request) => request.url().includes("/ows/") && givenUp.push(request.url()));
    await signIn(page, "reader");
    assert.deepEqual(await catalogues(page), ["Planning and zoning", "Heritage register"]);
    const answers = { planning: undefined, heritage: undefined };
    for (const id of Object.keys(answers)) answers[id] = await page.waitForResponse((response) => response.url().includes(`/ows/${id}/`));
    // Without QGIS Server, the gate's answer is 502.
    for (const [id, answer] of Object.entries(answers)) assert.ok([200, 502].includes(answer.status()), `${id}: ${answer.status()}`);
    assert.ok(sent.every((request) => request.url().startsWith(`${BASE}/riverbend/pozi/ows/`) && !request.url().includes("/ows/assets/")));
    // Each new tile may cost a preflight.
    assert.ok(sent.every((request) => request.method() === "OPTIONS" || request.url().includes("WIDTH=576")), "large tiles");
    assert.deepEqual(givenUp, [], "no tile is loaded that is not shown");
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

test("opens connections to the exchange and the maps while the sign-in ends", async () => {
  const page = await readFile(new URL("../examples-web/index.html", import.meta.url), "utf8");
  const { config } = await import("../examples-web/src/config.js");
  // Requests without cookies, as those of the browser module, have connections of their own: `crossorigin`.
  const links = page.matchAll(/<link rel="preconnect" href="([^"]+)" crossorigin>/g);
  assert.deepEqual([...links].map(([, address]) => address), [config.service, config.server]);
});

test("shows the number of Entra's error", () =>
  withApp(async ({ page }) => {
    await setTenant("mistakes/scope-missing");
    await page.getByRole("button", { name: "Sign in" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("For the administrator").click();
    await alert.getByText(/AADSTS65005/).waitFor();
    assert.ok(await alert.getByRole("button", { name: "Try again" }).isHidden());
  }));
