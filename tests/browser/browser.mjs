// A browser of its own for each test, at the page that the test's service serves, and what a person does there.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { chromium } from "playwright-core";

/** Where the service is, where its tenant is, and its folders, as the harness says. */
export const { POZI_BASE: BASE, POZI_TENANT_PORT: TENANT_PORT, POZI_STATE: STATE, POZI_SHOTS: SHOTS } = process.env;
export const PEOPLE = { reader: "Rhea Reader", editor: "Edgar Editor", "no-groups": "Nora Newcomer" };

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // MSAL.js keeps its settings of production: only the way to that host is another.
  `--host-resolver-rules=MAP login.microsoftonline.com 127.0.0.1:${TENANT_PORT},MAP *.enterprise.example 127.0.0.1:${TENANT_PORT}`,
];

/** The browsers of a file's tests, one of each kind: to start one takes longer than most tests. */
const browsers = new Map();

after(async () => {
  for (const { context, profile } of browsers.values()) {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
});

/**
 * Silent sign-in needs the cookies of a frame from another site: Chromium blocks them unless it is told otherwise, as with
 * `cookies: false`. With `trusts: false` it does not know the tenant's certificate.
 */
async function browserOf({ cookies, trusts }) {
  const profile = await mkdtemp(join(tmpdir(), "pozi-browser-"));
  if (cookies) {
    await mkdir(join(profile, "Default"));
    const preferences = { profile: { cookie_controls_mode: 0 } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.POZI_CHROMIUM,
    args: trusts ? [...FLAGS, "--ignore-certificate-errors"] : FLAGS,
    viewport: { width: 1280, height: 900 },
  });
  context.setDefaultTimeout(20_000);
  return { context, profile };
}

/** Runs `act(browser)` at the page, in a browser that knows nobody and remembers nothing. */
export async function withBrowser({ cookies = true, trusts = true, colorScheme = "light", viewport }, act) {
  const kind = `${cookies} ${trusts}`;
  if (!browsers.has(kind)) browsers.set(kind, await browserOf({ cookies, trusts }));
  const { context } = browsers.get(kind);
  await context.clearCookies();
  const before = context.pages();
  const page = await context.newPage();
  for (const old of before) await old.close();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport ?? { width: 1280, height: 900 });
  const said = [];
  const hears = (message) => said.push(message.text());
  const fails = (problem) => said.push(String(problem.error()));
  context.on("console", hears).on("weberror", fails);
  try {
    await page.goto(`${BASE}/`);
    await page.evaluate(() => localStorage.clear());
    await settled(page);
    await act({ context, said, page });
  } finally {
    context.off("console", hears).off("weberror", fails);
  }
}

/** The page, ready, in a tab of its own. */
export async function opened(context, address = `${BASE}/`) {
  const page = await context.newPage();
  await page.goto(address);
  await settled(page);
  return page;
}

/** Waits until the page knows who is signed in. */
export const settled = (page) => page.waitForSelector('html[data-state="signed-out"], html[data-state="signed-in"]');

export const at = (page, id) => page.getByTestId(id);

/** Signs `person` in to `site`, the `way` that the page offers. Returns the page, signed in and with its panels filled. */
export async function signIn({ context, page }, { site = "riverbend", person = "reader", way = "msal-popup" } = {}) {
  await choose(page, { site, person, way });
  if (way === "msal-popup") {
    const [popup] = await Promise.all([context.waitForEvent("page"), at(page, "sign-in-submit").click()]);
    await confirm(popup, person);
  } else {
    await at(page, "sign-in-submit").click();
    // The tenant asks nobody who is signed in.
    const asks = page.locator(`button[value="${person}"]`);
    await asks.or(page.locator('html[data-state="signed-in"]')).first().waitFor();
    if (await asks.isVisible()) await asks.click();
  }
  await signedIn(page);
  return page;
}

/** Fills the form, and leaves it. */
export async function choose(page, { site = "riverbend", person = "reader", way = "msal-popup" }) {
  for (const id of [`site-${site}`, `person-${person}`, `way-${way}`]) await at(page, id).check({ force: true });
}

/** On the tenant's page: yes, that is me. */
export const confirm = (page, person) => page.locator(`button[value="${person}"]`).click();

/** Waits until everything that follows from a sign-in is there. */
export async function signedIn(page) {
  await page.waitForSelector('html[data-state="signed-in"]');
  await page.waitForSelector('#session[data-state="ready"], #session[data-state="error"]');
}

/** The permissions of the present session. */
export const scope = (page) =>
  at(page, "session-scope")
    .locator("[data-permission]")
    .evaluateAll((chips) => chips.map((chip) => chip.dataset.permission));

/** What became of the request for a catalogue's map: waits until something did. */
export async function mapOf(page, catalogue) {
  const map = at(page, `map-${catalogue}`);
  await page.waitForFunction(
    (id) => /allowed|refused|error/.test(document.querySelector(`[data-testid="${id}"]`)?.dataset.result),
    `map-${catalogue}`,
  );
  return map.evaluate(({ dataset: { result, status, reason } }) => ({ result, status, reason }));
}

/** Tells the emulated tenant to change. */
export async function pull(lever) {
  const response = await fetch(`${BASE}/entra/${lever}`, { method: "POST" });
  assert.equal(response.status, 200, await response.text());
}

/** Everything is as at the start. */
export async function reset() {
  await pull("levers/well");
  await pull("mistakes/none");
}

/** No token is left anywhere that a script, a log or a person over the shoulder can find it. */
export async function leavesNoToken({ context, said }) {
  const token = /eyJ[\w-]+\.[\w-]+/;
  for (const page of context.pages()) {
    const found = await page.evaluate(async () => ({
      url: location.href,
      history: history.state,
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
      page: document.documentElement.outerHTML,
    }));
    assert.doesNotMatch(JSON.stringify(found), token);
    assert.doesNotMatch(found.url, /code=|state=/);
    assert.deepEqual([found.databases, found.caches], [[], []]);
  }
  const cookies = await context.cookies();
  assert.doesNotMatch(JSON.stringify(cookies), token);
  assert.doesNotMatch(said.join("\n"), token);
}

/** Has axe look at the page: nothing serious, and nothing worse. */
export async function isAccessible(page, what) {
  const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(told, [], what);
}

/** Keeps a picture for somebody to look at. */
export const shoot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
