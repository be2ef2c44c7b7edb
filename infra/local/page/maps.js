// Asks the gate for a map of each catalogue with the present session, and shows what it said.

import { button, make, notice, problemBox } from "./elements.js";

/** Why the gate refuses, in words. */
const REASONS = {
  no_session: "The request carried no session.",
  scope: "The session does not open this catalogue.",
  expired: "The session's time is over.",
  unknown_catalogue: "The gate knows no catalogue of this name.",
  keys_unavailable: "The gate cannot fetch the keys that verify a session.",
};

/** A card for each catalogue. `ask(catalogue)` is a Response, or throws. `qgis` says whether QGIS Server is there. */
export function mapCards(catalogues, qgis, ask) {
  const results = new Map();
  const askFor = async (catalogue) => {
    const result = results.get(catalogue.id);
    result.dataset.result = "pending";
    show(result, catalogue, await outcomeOf(() => ask(catalogue), qgis));
  };
  const cards = catalogues.map((catalogue) => {
    const result = make("div", { class: "map", "aria-live": "polite", "data-testid": `map-${catalogue.id}`, "data-result": "none" });
    results.set(catalogue.id, result);
    const text = ["Ask for a map", make("span", { class: "unseen" }, ` of ${catalogue.title}`)];
    const go = button(`map-ask-${catalogue.id}`, "", () => askFor(catalogue), { class: "second small" });
    go.append(...text);
    return make("li", { class: "card" }, make("h3", {}, catalogue.title, " ", make("code", {}, catalogue.id)), result, go);
  });
  return { element: make("ul", { class: "plain cards" }, cards), askAll: () => Promise.all(catalogues.map(askFor)) };
}

/** { kind, status, reason, picture, problem }: what came of a request. */
async function outcomeOf(ask, qgis) {
  try {
    const response = await ask();
    const { status } = response;
    if (response.headers.get("Content-Type") === "image/png") return { kind: "allowed", status, picture: await response.blob() };
    const { reason } = await response.json().catch(() => ({}));
    // The gate asks QGIS Server only for what the session opens.
    if (reason === "qgis_unreachable" && !qgis) return { kind: "allowed", status, reason };
    return { kind: [401, 403].includes(status) ? "refused" : "error", status, reason };
  } catch (problem) {
    return { kind: "error", problem };
  }
}

function show(result, catalogue, outcome) {
  const { kind, status, reason, picture, problem } = outcome;
  result.dataset.result = kind;
  result.dataset.status = status ?? "";
  result.dataset.reason = reason ?? "";
  if (kind === "allowed") result.replaceChildren(picture ? pictureOf(catalogue, picture) : letThrough(status));
  else if (kind === "refused") result.replaceChildren(refused(status, reason));
  else result.replaceChildren(problemBox({ title: status ? `Failed (${status})` : "No answer", reason, text: problem?.message }));
}

function pictureOf(catalogue, picture) {
  const address = URL.createObjectURL(picture);
  const image = make("img", { alt: `A map of ${catalogue.title}, drawn by QGIS Server`, src: address });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  return make("figure", {}, image, make("figcaption", {}, notice("allowed", "Let through (200)")));
}

function letThrough(status) {
  return notice("allowed", `Let through (${status})`, make("p", {}, "No QGIS Server is on this machine to draw it."));
}

function refused(status, reason) {
  const facts = make("p", { class: "facts" }, make("code", {}, reason ?? "no reason"));
  return notice("refused", `Refused (${status})`, facts, REASONS[reason] && make("p", {}, REASONS[reason]));
}
