// Shows the present session: what it opens, what it says, how its time runs out, and what can be done with it.

import { claimsTable, HEADER_NOTES, SESSION_NOTES } from "./claims.js";
import { button, make, notice, sign } from "./elements.js";
import { duration } from "./jwt.js";

/**
 * What the present session opens, and how long. `narrowed` tells whether it is narrower than it could be; `bar` is a
 * time bar that the caller moves; `acts` has renew, widen and forget.
 */
export function sessionView({ claims, narrowed, bar, acts }) {
  const scope = String(claims.scope ?? "").split(" ").filter(Boolean);
  return [
    bar.element,
    make("h3", {}, narrowed ? "It opens (narrowed)" : "It opens"),
    make("ul", { class: "plain chips", "data-testid": "session-scope" }, scope.map(chip)),
    make(
      "div",
      { class: "row buttons" },
      button("renew", "Renew now", acts.renew),
      narrowed && button("widen", "Back to all permissions", acts.widen, { class: "second" }),
      button("forget", "Forget it", acts.forget, { class: "second" }),
    ),
  ];
}

/** What a session says: its claims and its header. */
export function decodedView({ claims, header }) {
  return make(
    "details",
    { open: matchMedia("(min-width: 48rem)").matches },
    make("summary", {}, "What the session says"),
    claimsTable(claims, SESSION_NOTES, "The session's claims", "session-claims"),
    make("h3", {}, "In its header"),
    claimsTable(header, HEADER_NOTES, "The session's header", "session-header"),
  );
}

function chip(permission) {
  return make("li", { class: "chip", "data-permission": permission }, sign("allowed"), make("code", {}, permission));
}

/** The session's panel when it was forgotten. */
export function noSession(exchange) {
  return [
    notice("info", "Forgotten", make("p", {}, "This page has no session now. The sign-in at Entra still stands.")),
    make("div", { class: "row buttons" }, button("exchange", "Exchange again", exchange)),
  ];
}

/** { element, move(left, whole) }: how much of a session's time is left, in seconds. */
export function timeBar() {
  const fill = make("div", { class: "meter-fill" });
  const meter = make(
    "div",
    { class: "meter", role: "meter", "aria-label": "Time left of the session", "aria-valuemin": "0", "data-testid": "time-left" },
    fill,
  );
  // Not announced at every tick: whoever listens would hear nothing else. The meter says it when it is asked.
  const words = make("p", { class: "meter-words", "data-testid": "time-words" });
  const move = (left, whole) => {
    const seconds = Math.max(0, Math.round(left));
    meter.setAttribute("aria-valuemax", String(Math.round(whole)));
    meter.setAttribute("aria-valuenow", String(Math.min(seconds, Math.round(whole))));
    meter.setAttribute("aria-valuetext", `${duration(seconds)} left`);
    meter.dataset.low = String(seconds < Math.min(60, whole / 5));
    fill.style.setProperty("inline-size", `${Math.min(100, (100 * seconds) / Math.max(1, whole))}%`);
    words.textContent = seconds > 0
      ? `${duration(seconds)} left of ${duration(whole)}. It is renewed by itself before that.`
      : "Its time is over.";
  };
  return { element: make("div", {}, meter, words), move };
}

/** A form that asks for fewer permissions. `narrow(scope)` makes the session of those that stay ticked. */
export function narrowForm(permissions, narrow) {
  const boxes = permissions.map((permission) =>
    make("input", { type: "checkbox", value: permission, checked: true, "data-testid": `permission-${permission}` }),
  );
  const hint = make("p", { class: "note", role: "status", "data-testid": "narrow-hint" });
  const submit = async (event) => {
    event.preventDefault();
    const kept = boxes.filter((box) => box.checked).map((box) => box.value);
    hint.textContent = kept.length === 0 ? "Keep at least one: a session of nothing is none." : "";
    if (kept.length > 0) await narrow(kept.join(" "));
  };
  return make(
    "form",
    { class: "narrow", submit },
    make(
      "fieldset",
      {},
      make("legend", {}, "Narrow it"),
      make("p", { class: "note" }, "A part of the Web App that shows one map needs a session for no other."),
      make("div", { class: "boxes" }, boxes.map((box) => make("label", {}, box, make("code", {}, box.value)))),
      hint,
      make("button", { type: "submit", class: "second", "data-testid": "narrow-submit" }, "Narrow"),
    ),
  );
}
