// The local page: connects the modules. They take data and return elements; this one acts.
//
// For tests: <html data-state> is loading, signed-out, signing-in or signed-in, or broken if the page cannot start.
// #entra, #decision, #session and #maps have data-state empty, loading, ready or error.

import { activityLog } from "./activity-log.js";
import { decisionList } from "./decision.js";
import { button, buttons, empty, errorBox, fill, make, notice, prose, waiting } from "./elements.js";
import { copyToken, entraView } from "./entra-panel.js";
import { describe, inOneLine } from "./errors.js";
import { faultsPanel } from "./faults.js";
import { decode, relative } from "./jwt.js";
import { mapCards } from "./maps.js";
import { SessionController } from "./session-controller.js";
import { msalObstacle, signInForm, WAYS } from "./sign-in-form.js";
import { msalFor, preload, reaches } from "./sign-in-msal.js";
import * as plain from "./sign-in-plain.js";
import { verdictView } from "./verdict.js";

const CHOICE = "pozi-choice";
/** The query of a map, in metres and pixels. */
const MAP =
  "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=600&HEIGHT=400&FORMAT=image/png";
const EMPTY = {
  entra: "The claims of the access token appear here after you sign in.",
  decision: "For each catalogue: whether the person may read it, whether they may write it, and why.",
  session: "The exchange issues a session with exactly these permissions.",
  narrow: undefined,
  decoded: undefined,
  maps: "A map of each catalogue, requested with that session.",
};

const place = (id) => document.getElementById(id);
const { element: log, note } = activityLog();

/** Never resolves: the browser is leaving the page. */
const never = () => new Promise(() => {});

let config;
/** The last choice in this tab, by name. It holds no secret. */
let choice = JSON.parse(sessionStorage.getItem(CHOICE) ?? "{}");
/** The current login, and the controller of its sessions. */
let login, sessions;

await start();

async function start() {
  const taken = plain.takeResponse();
  fill(place("activity"), log);
  emptyPanels();
  try {
    const response = await fetch("/local/config.json");
    if (!response.ok) throw new Error(`The page could not load its settings (status ${response.status}).`);
    config = await response.json();
  } catch (error) {
    enter("broken");
    return fill(place("sign-in"), errorBox(describe(error), make("p", {}, prose("Check that `make run` is still running, then reload the page."))));
  }
  if (location.origin !== new URL(config.service).origin) return sendHome();
  const faults = faultsPanel({ mistakes: config.mistakes, entra: config.plainLogin, note });
  fill(place("faults"), faults.element);
  await faults.refresh();
  // Going back from the tenant's page restores this one as it was left, still waiting for a response.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  note("info", "The page is ready.");
  await comeBack(taken);
}

/** The page has one registered redirect URI, so it only works at that address. */
function sendHome() {
  enter("broken");
  const link = make("a", { href: `${config.service}/` }, `${config.service}/`);
  fill(place("sign-in"), notice("warning", "Open this page at its registered address", make("p", {}, "Entra returns sign-ins to ", link, " only.")));
}

async function comeBack(taken) {
  const { leaving, signedIn, way, address } = choice;
  remember({ leaving: undefined, signedIn: false });
  if (taken) return attempt("Getting tokens for the authorization code…", () => plain.comeBack(config, taken));
  const msal = async () => msalFor(config, siteChosen());
  if (leaving === "msal-redirect") return attempt("Reading Entra's response…", async () => (await msal()).comeBack());
  if (leaving === "sign-out") {
    history.replaceState(null, "", location.pathname);
    // Until MSAL has seen the return, it treats the sign-out as still in progress.
    if (way !== "plain") await msal().then((made) => made.comeBack()).catch(() => {});
    note("info", "Signed out.");
  }
  if (!signedIn || way === "plain") return showForm();
  // Reloading the page loses the tokens, which are in memory only. The browser may still be signed in to the tenant.
  return attempt("Checking whether you are still signed in…", async () => (await msal()).silent({ address }), () => {
    note("info", "Reloading the page discarded its tokens. Please sign in again.");
  });
}

async function showForm(described) {
  const obstacle = await obstacleToMsal();
  fill(place("sign-in"), described && errorBox(described), signInForm({ config, chosen: choice, obstacle, submit: signIn }));
  enter("signed-out");
}

async function obstacleToMsal() {
  if (!config.msal) return msalObstacle("missing", config.authority);
  preload();
  return (await reaches(config, siteChosen())) ? undefined : msalObstacle("untrusted", config.authority, () => showForm());
}

async function signIn({ site, person, way }) {
  remember({ site, person, way });
  const [at, who] = [siteChosen(), personChosen()];
  note("info", `Signing ${who.name} in to ${at.name} (${WAYS[way][0]}).`);
  if (way === "plain") return attempt("Going to Entra…", () => plain.leave(config, at, who).then(never));
  if (way === "msal-redirect") remember({ leaving: way });
  return attempt(way === "msal-redirect" ? "Going to Entra…" : "Waiting for Entra…", async () => {
    const msal = await msalFor(config, at);
    if (way === "msal-redirect") return msal.redirect(who).then(never);
    return way === "msal-popup" ? msal.popup(who) : msal.silent(who);
  });
}

/** Signs in by `work`, which returns a login, or undefined if nobody signed in. `onError` replaces showing the error. */
async function attempt(text, work, onError) {
  enter("signing-in");
  // MSAL does not notice that its window was closed, and would wait for a minute.
  const stopped = new Promise((stop) => {
    fill(place("sign-in"), waiting(text), buttons(button("stop-waiting", "Cancel", stop, { class: "second" })));
  });
  try {
    const made = await Promise.race([work(), stopped]);
    if (made) return await signedIn(made);
    note("info", "Nobody signed in.");
    return await showForm();
  } catch (error) {
    remember({ leaving: undefined });
    if (onError) onError();
    else note("refused", inOneLine(describe(error, config.mistakes)));
    return showForm(onError ? undefined : describe(error, config.mistakes));
  }
}

async function signedIn(made) {
  login = made;
  remember({ signedIn: true, address: made.address });
  note("allowed", `${made.name} is signed in to ${made.site.name}.`);
  const verdict = verdictView(made, { signOut, another });
  fill(place("sign-in"), verdict.element);
  const ask = ({ id }) => sessions.fetch(id, `/${made.site.name}/pozi/ows/${id}/?${MAP}`);
  const maps = mapCards(made.site.catalogues, { qgis: config.qgis, ask, note });
  sessions = new SessionController({ config, login, panel, note, verdict: verdict.show, onChanged: maps.askAll });
  enter("signed-in");
  // The form was longer than what replaces it.
  scrollTo(0, 0);
  const introduction = make("p", {}, "Each request carries the current session. The gate verifies it and decides by itself.");
  panel("maps", "ready", introduction, maps.element, buttons(button("maps-ask", "Request all maps", maps.askAll, { class: "second" })));
  await showEntra();
  await Promise.all([decide(), sessions.open()]);
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
  if (!forceRefresh) panel("entra", "loading", waiting("Getting the access token…"));
  await orError("entra", async () => {
    const { claims } = decode(await login.token({ forceRefresh }));
    note("allowed", `Entra issued an access token (uti ${claims.uti}), which expires ${relative(claims.exp)}.`);
    const again = () => showEntra({ forceRefresh: true }).then(decide);
    panel("entra", "ready", entraView(claims, { again, copy: () => copyToken(login, note) }));
  });
}

async function decide() {
  panel("decision", "loading", waiting("Asking the exchange…"));
  await orError("decision", async () => {
    const answer = await explain({});
    const { graph_scope: scope } = answer;
    // A person in more groups than a token can list. Without a token for Graph, the explanation says so.
    const graph_token = scope && (await login.token({ scopes: [scope] }).catch(() => undefined));
    panel("decision", "ready", decisionList(graph_token ? await explain({ graph_token }) : answer));
  });
}

async function explain(more) {
  const body = new URLSearchParams({ subject_token: await login.token(), ...more });
  const response = await fetch("/local/explain", { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error_description), answer);
  return answer;
}

/** Runs `work` for a panel, and shows its error there. */
async function orError(id, work) {
  const before = login;
  try {
    await work();
  } catch (error) {
    // The person has signed out meanwhile.
    if (login !== before) return;
    const described = describe(error, config.mistakes);
    note("refused", inOneLine(described));
    panel(id, "error", errorBox(described));
  }
}

function panel(id, state, ...children) {
  place(id).dataset.state = state;
  fill(place(id), children);
}

function forgetEverything() {
  sessions?.end();
  login = sessions = undefined;
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

function remember(changes) {
  choice = { ...choice, ...changes };
  sessionStorage.setItem(CHOICE, JSON.stringify(choice));
}

function enter(state) {
  document.documentElement.dataset.state = state;
}
