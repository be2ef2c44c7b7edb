// A fresh browser page for each test, and the actions of a person on it.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { chromium } from "playwright-core";

/** The service, its tenant and its folders, as set by tests/browser.rs. */
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
  // MSAL.js keeps its production settings; its host resolves to the emulated tenant.
  `--host-resolver-rules=MAP login.microsoftonline.com 127.0.0.1:${TENANT_PORT},MAP *.enterprise.example 127.0.0.1:${TENANT_PORT}`,
];

/** The browsers of this file's tests, one of each kind, since starting one takes longer than most tests. */
const browsers = new Map();

after(async () => {
  for (const browser of browsers.values()) await stopBrowser(browser);
});

/**
 * Starts a browser without cookies and storage. Silent sign-in needs third-party cookies, which Chromium blocks by default, as with
 * `cookies: false`. With `trustsCertificate: false` it rejects the tenant's certificate.
 */
export async function startBrowser({ cookies = true, trustsCertificate = true } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "pozi-browser-"));
  if (cookies) {
    await mkdir(join(profile, "Default"));
    const preferences = { profile: { cookie_controls_mode: 0 } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.POZI_CHROMIUM,
    args: trustsCertificate ? [...FLAGS, "--ignore-certificate-errors"] : FLAGS,
    viewport: { width: 1280, height: 900 },
  });
  context.setDefaultTimeout(120_000);
  return { context, profile };
}

/** Ends a browser and deletes what it stored. */
export async function stopBrowser({ context, profile }) {
  await context.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 3 });
}

/** Runs `act(browser)` on the page, in a browser without cookies and storage. */
export async function withBrowser({ cookies = true, trustsCertificate = true, colorScheme = "light", viewport }, act) {
  const kind = `${cookies} ${trustsCertificate}`;
  if (!browsers.has(kind)) browsers.set(kind, await startBrowser({ cookies, trustsCertificate }));
  const { context } = browsers.get(kind);
  await context.clearCookies();
  const before = context.pages();
  const page = await context.newPage();
  for (const old of before) await old.close();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport ?? { width: 1280, height: 900 });
  const messages = [];
  const onMessage = (message) => messages.push(message.text());
  const onError = (problem) => messages.push(String(problem.error()));
  context.on("console", onMessage).on("weberror", onError);
  try {
    await page.goto(`${BASE}/`);
    await page.evaluate(() => localStorage.clear());
    await waitUntilReady(page);
    await act({ context, messages, page });
  } finally {
    context.off("console", onMessage).off("weberror", onError);
  }
}

/** Opens the page in a new tab and waits until it is ready. */
export async function openPage(context, address = `${BASE}/`) {
  const page = await context.newPage();
  await page.goto(address);
  await waitUntilReady(page);
  return page;
}

/** Waits until the page knows who is signed in. */
export const waitUntilReady = (page) => page.waitForSelector('html[data-state="signed-out"], html[data-state="signed-in"]');

export const byTestId = (page, id) => page.getByTestId(id);

/** Signs `person` in to `site` by `way`. Returns the page once its panels are filled. */
export async function signIn({ context, page }, { site = "riverbend", person = "reader", way = "msal-popup" } = {}) {
  await choose(page, { site, person, way });
  if (way === "msal-popup") {
    const [popup] = await Promise.all([context.waitForEvent("page"), byTestId(page, "sign-in-submit").click()]);
    await confirm(popup, person);
  } else {
    await byTestId(page, "sign-in-submit").click();
    // The tenant does not ask a person who is already signed in there.
    const asks = page.locator(`button[value="${person}"]`);
    await asks.or(page.locator('html[data-state="signed-in"]')).first().waitFor();
    if (await asks.isVisible()) await asks.click();
  }
  await waitUntilSignedIn(page);
  return page;
}

/** Fills in the form without submitting it. */
export async function choose(page, { site = "riverbend", person = "reader", way = "msal-popup" }) {
  for (const id of [`site-${site}`, `person-${person}`, `way-${way}`]) await byTestId(page, id).check({ force: true });
}

/** Chooses `person` on the tenant's page. */
export const confirm = (page, person) => page.locator(`button[value="${person}"]`).click();

/** Waits until the sign-in and the first exchange are done. */
export async function waitUntilSignedIn(page) {
  await page.waitForSelector('html[data-state="signed-in"]');
  await page.waitForSelector('#session[data-state="ready"], #session[data-state="error"]');
}

/** The permissions of the current session. */
export const scope = (page) =>
  byTestId(page, "session-scope")
    .locator("[data-permission]")
    .evaluateAll((chips) => chips.map((chip) => chip.dataset.permission));

/** Waits for the request for a catalogue's map, and returns its result. */
export async function mapResult(page, catalogue) {
  const map = byTestId(page, `map-${catalogue}`);
  await page.waitForFunction(
    (id) => /allowed|refused|error/.test(document.querySelector(`[data-testid="${id}"]`)?.dataset.result),
    `map-${catalogue}`,
  );
  return map.evaluate(({ dataset: { result, status, reason } }) => ({ result, status, reason }));
}

/** Sets a mode of the emulated tenant, such as an outage. */
export async function setTenant(lever) {
  const response = await fetch(`${BASE}/entra/${lever}`, { method: "POST" });
  assert.equal(response.status, 200, await response.text());
}

/** Ends all outages and mistakes of the emulated tenant. */
export async function reset() {
  await setTenant("levers/well");
  await setTenant("mistakes/none");
}

/** Checks that no token is in the page, its URL, storage, cookies or console. */
export async function checkNoTokenLeft({ context, messages }) {
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
  assert.doesNotMatch(messages.join("\n"), token);
}

/** Checks that axe finds no violation on the page. */
export async function checkAccessibility(page, what) {
  const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(told, [], what);
}

/** Takes a screenshot, for people to look at. */
export const screenshot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
