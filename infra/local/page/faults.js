// The panel that simulates faults of the emulated Entra, and an administrator's mistakes in its app registrations.

import { button, make } from "./elements.js";
import { describe, inOneLine } from "./errors.js";

/** The levers that last, and those that act once. */
const MODES = [
  ["brief", "20-second tokens", "Access tokens expire after 20 seconds, so you can watch a renewal."],
  ["slow", "Respond slowly", "Entra takes 5 seconds to respond."],
  ["throttled", "Ask to wait", "Entra and Microsoft Graph respond with status 429 and Retry-After."],
  ["down", "Go down", "Entra responds with status 503. The exchange continues with the keys it has."],
  ["rubbish", "Return HTML", "Entra responds with the login page of a guest network instead of JSON."],
];
const ACTIONS = [
  ["roll", "Rotate its keys", "Entra signs with a new key from now on. Sign-ins and sessions continue."],
  ["well", "Back to normal", "Ends all faults, but not a mistake in the app registrations."],
];
const QUERIES = { brief: "?seconds=20" };

/**
 * { element, refresh() }: the panel, and what shows the present state of the emulated Entra at the URL `entra`.
 * `note(kind, text)` logs.
 */
export function faultsPanel({ mistakes, entra, note }) {
  let inForce = { levers: [], mistake: "none" };
  const refresh = async () => {
    try {
      inForce = await (await fetch(`${entra}/levers`)).json();
      for (const [name] of MODES) levers[name].setAttribute("aria-pressed", String(inForce.levers.includes(name)));
      form.show(inForce.mistake);
    } catch (error) {
      note("refused", inOneLine(describe(error)));
    }
  };
  const post = async (path) => {
    try {
      const response = await fetch(`${entra}/${path}`, { method: "POST" });
      note(response.ok ? "info" : "refused", await response.text());
    } catch (error) {
      note("refused", inOneLine(describe(error)));
    }
    await refresh();
  };
  const pull = (name) => post(`levers/${name}${QUERIES[name] ?? ""}`);
  /** Only "Back to normal" ends a fault, and it ends all: the others start again. */
  const toggle = async (name) => {
    if (!inForce.levers.includes(name)) return pull(name);
    const others = inForce.levers.filter((other) => other !== name);
    await pull("well");
    for (const other of others) await pull(other);
  };
  const lever = ([name, text], act) => {
    levers[name] = button(`lever-${name}`, text, () => act(name), { class: "small", "aria-describedby": `lever-${name}-what` });
  };
  const levers = {};
  for (const mode of MODES) lever(mode, toggle);
  for (const action of ACTIONS) lever(action, pull);
  const form = mistakesForm(mistakes, post);
  return { element: [leversView(Object.values(levers)), form.element], refresh };
}

function leversView(levers) {
  const meanings = [...MODES, ...ACTIONS].map(([name, text, what]) => [
    make("dt", {}, text),
    make("dd", { class: "note", id: `lever-${name}-what` }, what),
  ]);
  return make(
    "div",
    { class: "stack" },
    make("h3", {}, "The emulated Entra"),
    make("div", { class: "levers" }, levers),
    make("details", {}, make("summary", {}, "What these buttons do"), make("dl", {}, meanings)),
  );
}

/** { element, show(name) }: the form, and what shows the mistake in force. */
function mistakesForm(mistakes, post) {
  let inForce = "none";
  const options = mistakes.map(({ name }) => make("option", { value: name }, name));
  const attributes = { id: "mistake", "data-testid": "mistake", "aria-describedby": "mistake-what" };
  const select = make("select", attributes, make("option", { value: "none" }, "none"), options);
  const what = make("p", { class: "note", id: "mistake-what" });
  const explain = () => {
    const chosen = mistakes.find(({ name }) => name === select.value);
    const mistake = chosen ? `${chosen.what} (${chosen.code})` : "The registrations are correct.";
    if (select.value !== inForce) what.textContent = `${mistake} Apply it, then sign in again.`;
    else what.textContent = chosen ? `In force: ${mistake}` : mistake;
  };
  const show = (name) => {
    inForce = select.value = name;
    explain();
  };
  select.addEventListener("change", explain);
  const apply = button("mistake-make", "Apply", () => post(`mistakes/${select.value}`), { class: "small" });
  const element = make(
    "div",
    { class: "stack" },
    make("h3", {}, "The app registrations in Entra"),
    make("label", { for: "mistake" }, "An administrator's mistake"),
    make("div", { class: "row" }, select, apply),
    what,
  );
  return { element, show };
}
