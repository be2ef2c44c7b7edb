// Requests a map of each catalogue through the gate with the current session, and shows the gate's decision.

import { button, errorBox, make, notice, waiting } from "./elements.js";

/** The gate's reasons for a refusal, in words. */
const REASONS = {
  no_session: "The request carried no session.",
  scope: "The session does not include this catalogue.",
  expired: "The session has expired.",
  unknown_catalogue: "The gate has no catalogue with this id.",
  keys_unavailable: "The gate cannot fetch the keys that verify sessions.",
  revoked: "The session was revoked.",
  policy_outdated: "The session is older than the rules that the gate requires.",
  revocations_unavailable: "The gate has not heard for too long what was revoked.",
};

/**
 * { element, askAll }: a card for each catalogue. `ask(catalogue)` returns a Response or throws, `note(kind, text)` logs;
 * `qgis`: it is installed.
 */
export function mapCards(catalogues, { qgis, ask, note }) {
  const results = new Map();
  const askFor = async (catalogue) => {
    const result = results.get(catalogue.id);
    result.dataset.result = "pending";
    result.setAttribute("aria-busy", "true");
    result.prepend(waiting(qgis ? "QGIS Server is drawing. The first map takes some seconds…" : "Asking the gate…"));
    const outcome = await outcomeOf(() => ask(catalogue), qgis);
    show(result, catalogue, outcome);
    result.setAttribute("aria-busy", "false");
    note(outcome.kind === "allowed" ? "allowed" : "refused", inOneLine(catalogue, outcome));
  };
  const cards = catalogues.map((catalogue) => {
    const result = make("div", { class: "map", "aria-live": "polite", "data-testid": `map-${catalogue.id}`, "data-result": "none" });
    results.set(catalogue.id, result);
    const request = button(`map-ask-${catalogue.id}`, "Request map", () => askFor(catalogue), { class: "second small" });
    request.append(make("span", { class: "visually-hidden" }, ` of ${catalogue.title}`));
    return make("li", { class: "card" }, make("h3", {}, catalogue.title, " ", make("code", {}, catalogue.id)), result, request);
  });
  return { element: make("ul", { class: "plain cards" }, cards), askAll: () => Promise.all(catalogues.map(askFor)) };
}

function inOneLine({ title }, { kind, status, reason, error }) {
  const facts = [status, reason].filter(Boolean).join(", ") || error?.message;
  return kind === "error" ? `The map of ${title} failed (${facts}).` : `The gate ${kind} a map of ${title} (${facts}).`;
}

/** { kind, status, reason, picture, error }: the outcome of a request. */
async function outcomeOf(ask, qgis) {
  try {
    const response = await ask();
    const { status } = response;
    if (response.headers.get("Content-Type") === "image/png") return { kind: "allowed", status, picture: await response.blob() };
    const { reason } = await response.json().catch(() => ({}));
    // The gate only turns to QGIS Server if the session allows the request.
    if (reason === "qgis_unreachable" && !qgis) return { kind: "allowed", status, reason };
    return { kind: [401, 403].includes(status) ? "refused" : "error", status, reason };
  } catch (error) {
    return { kind: "error", error };
  }
}

function show(result, catalogue, outcome) {
  const { kind, status, reason, picture, error } = outcome;
  result.dataset.result = kind;
  result.dataset.status = status ?? "";
  result.dataset.reason = reason ?? "";
  if (kind === "allowed") result.replaceChildren(picture ? pictureOf(catalogue, picture) : allowedWithoutQgis(status));
  else if (kind === "refused") result.replaceChildren(refused(status, reason));
  else result.replaceChildren(errorBox({ title: status ? `Failed (${status})` : "No response", reason, text: error?.message }));
}

function pictureOf(catalogue, picture) {
  const address = URL.createObjectURL(picture);
  const image = make("img", { alt: `A map of ${catalogue.title}, drawn by QGIS Server`, src: address });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  return make("figure", {}, image, make("figcaption", {}, notice("allowed", "Allowed (200)")));
}

function allowedWithoutQgis(status) {
  const text = `QGIS Server is not installed on this machine, so the gate responds with status ${status} instead of a picture.`;
  return notice("allowed", "Allowed by the gate", make("p", {}, text));
}

function refused(status, reason) {
  const facts = make("p", { class: "facts" }, make("code", {}, reason ?? "no reason given"));
  return notice("refused", `Refused (${status})`, facts, REASONS[reason] && make("p", {}, REASONS[reason]));
}
