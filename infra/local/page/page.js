// The local page: wires the pieces together. They take data and give back elements; what happens happens here.
//
// For tests: <html data-state> is loading, signed-out, signing-in or signed-in, or broken where the page cannot start.
// #entra, #decision, #session and #maps have data-state empty, loading, ready or error. By data-testid there are:
//   site-<name> person-<name> way-<msal-redirect|msal-popup|msal-silent|plain> sign-in-submit (the form), msal-obstacle
//   trust-link trust-retry (MSAL cannot be used), stop-waiting, signed-in-as sign-out another; problem with problem-code,
//   problem-reason, problem-text in it (anywhere); entra-claims copy-token refresh-entra; decision-<catalogue>-<read|write> (data-allowed,
//   data-because); session-scope (chips with data-permission) session-claims session-header time-left time-words renew
//   forget exchange permission-<catalogue>:<access> narrow-submit narrow-hint widen; maps-ask map-ask-<catalogue>
//   map-<catalogue> (data-result none|pending|allowed|refused|error, data-status, data-reason); lever-<name> mistake
//   mistake-make; journal. Rows of claims have data-claim.

import { decisionList } from "./decision.js";
import { button, empty, fill, make, notice, problemBox, waiting } from "./elements.js";
import { copyToken, entraView } from "./entra-panel.js";
import { journal } from "./journal.js";
import { decode } from "./jwt.js";
import { mapCards } from "./maps.js";
import { problemOf, sentenceOf } from "./problems.js";
import { SessionDesk } from "./session-desk.js";
import { msalObstacle, signedInView, signInForm, WAYS } from "./sign-in-form.js";
import { msalFor, preload, reaches } from "./sign-in-msal.js";
import * as plain from "./sign-in-plain.js";
import { troublePanel } from "./trouble.js";

const CHOICE = "pozi-choice";
/** The request for a map, in metres and pixels. */
const MAP = new URLSearchParams({
  SERVICE: "WMS",
  VERSION: "1.3.0",
  REQUEST: "GetMap",
  LAYERS: "zones,roads,trees,sign",
  STYLES: "",
  CRS: "EPSG:3857",
  BBOX: "0,0,1200,800",
  WIDTH: "600",
  HEIGHT: "400",
  FORMAT: "image/png",
});
const EMPTY = {
  entra: "Sign in, and the claims of the access token stand here.",
  decision: "Catalogue by catalogue: may it be read, may it be written, and why.",
  session: "The exchange gives a session for exactly what was decided.",
  narrow: undefined,
  decoded: undefined,
  maps: "A map of each catalogue, asked for with that session.",
};

const place = (id) => document.getElementById(id);
const { element: journalElement, note } = journal();

/** Waits for ever: the page is being left. */
const never = () => new Promise(() => {});

let config;
/** What was chosen last in this tab, by name; no secret is in it. */
let choice = JSON.parse(sessionStorage.getItem(CHOICE) ?? "{}");
/** The sign-in, and what keeps its sessions. */
let login, desk;

await start();

async function start() {
  const taken = plain.takeAnswer();
  fill(place("journal"), journalElement);
  emptyPanels();
  try {
    const response = await fetch("/local/config.json");
    if (!response.ok) throw new Error(`The page's settings could not be read (${response.status}).`);
    config = await response.json();
  } catch (error) {
    enter("broken");
    return fill(place("sign-in"), problemBox(problemOf(error), make("p", {}, "Is `make run` still running?")));
  }
  if (location.origin !== new URL(config.service).origin) return sendHome();
  fill(place("trouble"), troublePanel(config.mistakes, pull));
  // Whoever goes back from the tenant's page finds this one as it was left: waiting for an answer.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  note("info", "The page is ready.");
  await comeBack(taken);
}

/** The tenant knows the page by one address alone. */
function sendHome() {
  enter("broken");
  const link = make("a", { href: `${config.service}/` }, `${config.service}/`);
  fill(place("sign-in"), notice("warning", "This page has another address", make("p", {}, "Entra sends people back to ", link, " only.")));
}

async function comeBack(taken) {
  const { leaving, signedIn, way, address } = choice;
  remember({ leaving: undefined, signedIn: false });
  if (taken) return attempt("Redeeming the code…", () => plain.comeBack(config, taken));
  const msal = async () => msalFor(config, siteChosen());
  if (leaving === "msal-redirect") return attempt("Taking Entra's answer…", async () => (await msal()).comeBack());
  if (leaving === "sign-out") {
    history.replaceState(null, "", location.pathname);
    // MSAL thinks itself busy until it has seen the return.
    if (way !== "plain") await msal().then((made) => made.comeBack()).catch(() => {});
    note("info", "Signed out.");
  }
  if (!signedIn || way === "plain") return showForm();
  // Tokens are in memory alone, so loading the page again loses them; the tenant may still know the browser.
  return attempt("Looking whether the tenant still knows you…", async () => (await msal()).silent({ address }), () => {
    note("info", "The page was loaded again and forgot its tokens; the tenant wants a new sign-in.");
  });
}

async function showForm(problem) {
  enter("signed-out");
  const obstacle = await msalProblem();
  fill(place("sign-in"), problem && problemBox(problem), signInForm({ config, chosen: choice, obstacle, submit: signIn }));
}

async function msalProblem() {
  if (!config.msal) return msalObstacle("missing", config.authority);
  preload();
  return (await reaches(config, siteChosen())) ? undefined : msalObstacle("untrusted", config.authority, () => showForm());
}

async function signIn({ site, person, way }) {
  remember({ site, person, way });
  const [at, who] = [siteChosen(), personChosen()];
  note("info", `${who.name} signs in at ${at.name}: ${WAYS[way][0]}.`);
  if (way === "plain") return attempt("Going to Entra…", () => plain.leave(config, at, who).then(never));
  if (way === "msal-redirect") remember({ leaving: way });
  return attempt(way === "msal-redirect" ? "Going to Entra…" : "Waiting for Entra…", async () => {
    const msal = await msalFor(config, at);
    if (way === "msal-redirect") return msal.redirect(who).then(never);
    return way === "msal-popup" ? msal.popup(who) : msal.silent(who);
  });
}

/** Signs in by `work`, which gives a login, or undefined where nothing came back. */
async function attempt(text, work, failed) {
  enter("signing-in");
  // MSAL does not notice that a window was closed, and would wait for a minute.
  const stopped = new Promise((stop) => {
    fill(place("sign-in"), waiting(text), make("div", { class: "row buttons" }, button("stop-waiting", "Stop waiting", stop, { class: "second" })));
  });
  try {
    const made = await Promise.race([work(), stopped]);
    if (made) return await signedIn(made);
    note("info", "Nobody signed in.");
    return await showForm();
  } catch (error) {
    remember({ leaving: undefined });
    if (failed) failed();
    else note("refused", sentenceOf(problemOf(error, config.mistakes)));
    return showForm(failed ? undefined : problemOf(error, config.mistakes));
  }
}

async function signedIn(made) {
  login = made;
  remember({ signedIn: true, address: made.address });
  note("allowed", `${made.name} is signed in at ${made.site.name}.`);
  fill(place("sign-in"), signedInView({ name: made.name, site: made.site.name, way: made.way, acts: { signOut, another } }));
  const maps = mapCards(made.site.catalogues, config.qgis, ({ id }) => desk.fetch(id, `/${made.site.name}/pozi/ows/${id}/?${MAP}`));
  desk = new SessionDesk({ config, login, panel, note, onChanged: maps.askAll });
  enter("signed-in");
  const introduction = make("p", {}, "Each request carries the present session. The gate decides, whatever this page believes.");
  panel("maps", "ready", introduction, maps.element, make("div", { class: "row buttons" }, button("maps-ask", "Ask for all", maps.askAll, { class: "second" })));
  await showEntra();
  await Promise.all([decide(), desk.open()]);
}

async function signOut() {
  const leaving = login;
  forgetEverything();
  remember({ signedIn: false, leaving: "sign-out" });
  await attempt("Signing out…", () => Promise.resolve(leaving.signOut()).then(never));
}

function another() {
  forgetEverything();
  remember({ signedIn: false });
  return showForm();
}

async function showEntra({ forceRefresh = false } = {}) {
  if (!forceRefresh) panel("entra", "loading", waiting("Asking for the token…"));
  await orProblem("entra", async () => {
    const { claims } = decode(await login.token({ forceRefresh }));
    if (forceRefresh) note("allowed", "Entra issued a fresh token.");
    const again = () => showEntra({ forceRefresh: true }).then(decide);
    panel("entra", "ready", entraView(claims, { again, copy: () => copyToken(login, note) }));
  });
}

async function decide() {
  panel("decision", "loading", waiting("Asking the exchange…"));
  await orProblem("decision", async () => {
    const response = await fetch("/local/explain", { method: "POST", body: new URLSearchParams({ subject_token: await login.token() }) });
    const answer = await response.json();
    if (!response.ok) throw Object.assign(new Error(answer.error_description), answer);
    panel("decision", "ready", decisionList(answer));
  });
}

/** Does `work` for a panel, and shows in it what went wrong. */
async function orProblem(id, work) {
  const whose = login;
  try {
    await work();
  } catch (error) {
    // Somebody signed out meanwhile.
    if (login !== whose) return;
    const problem = problemOf(error, config.mistakes);
    note("refused", sentenceOf(problem));
    panel(id, "error", problemBox(problem));
  }
}

function panel(id, state, ...children) {
  place(id).dataset.state = state;
  fill(place(id), children);
}

/** Pulls a lever of the emulated tenant. */
async function pull(path) {
  try {
    const response = await fetch(`${config.plainLogin}/${path}`, { method: "POST" });
    note(response.ok ? "info" : "refused", (await response.text()) || `Done: ${path}.`);
  } catch (error) {
    note("refused", sentenceOf(problemOf(error)));
  }
}

function forgetEverything() {
  desk?.end();
  login = desk = undefined;
  emptyPanels();
}

function emptyPanels() {
  for (const [id, text] of Object.entries(EMPTY)) panel(id, "empty", text && empty(text));
}

function siteChosen() {
  return config.sites.find(({ name }) => name === choice.site) ?? config.sites[0];
}

function personChosen() {
  return config.people.find(({ person }) => person === choice.person) ?? config.people[0];
}

function remember(news) {
  choice = { ...choice, ...news };
  sessionStorage.setItem(CHOICE, JSON.stringify(choice));
}

function enter(state) {
  document.documentElement.dataset.state = state;
}
