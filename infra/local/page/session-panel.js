// The views of the current session: its permissions, its time left, its decoded token, and what can be done with it.

import { claimsTable, HEADER_NOTES, SESSION_NOTES } from "./claims.js";
import { button, buttons, icon, make, notice } from "./elements.js";
import { duration } from "./jwt.js";

/**
 * The session's permissions and time left. The caller moves `bar`, a time bar; `acts` has renew, widen and discard.
 * `observedUntil` is the day until which the site is only observed, if it is.
 */
export function sessionView({ claims, narrowed, bar, acts, observedUntil }) {
  const scope = String(claims.scope ?? "").split(" ").filter(Boolean);
  return [
    bar.element,
    ...(typeof claims.enforced_scope === "string" ? [observed(claims.enforced_scope, observedUntil)] : []),
    make("h3", {}, narrowed ? "Permissions (narrowed)" : "Permissions"),
    make("ul", { class: "plain chips", "data-testid": "session-scope" }, scope.map(chip)),
    buttons(
      button("renew", "Renew now", acts.renew),
      narrowed && button("widen", "Restore all permissions", acts.widen, { class: "second" }),
      button("forget", "Discard session", acts.discard, { class: "second" }),
    ),
  ];
}

/** A decoded session: its claims and its header. */
export function decodedView({ claims, header }) {
  const part = (title, open, table) => make("details", { open }, make("summary", {}, title), table);
  const isWide = matchMedia("(min-width: 48rem)").matches;
  return [
    part("Claims of the session", isWide, claimsTable(claims, SESSION_NOTES, "Claims of the session", "session-claims")),
    part("Header of the session", false, claimsTable(header, HEADER_NOTES, "Header of the session", "session-header")),
  ];
}

function observed(enforced, until) {
  const rules = enforced === "" ? "nothing of this" : enforced.split(" ").join(", ");
  const text = make("p", {}, `By its rules the session would open ${rules}.`);
  return notice("warning", `This site is only observed${until ? ` until ${until}` : ""}`, text);
}

function chip(permission) {
  return make("li", { class: "chip", "data-permission": permission }, icon("allowed"), make("code", {}, permission));
}

/** The panel after the session was discarded. */
export function noSession(exchange) {
  return [
    notice("info", "Session discarded", make("p", {}, "This page has no session now. You are still signed in to Entra.")),
    buttons(button("exchange", "Exchange again", exchange)),
  ];
}

/** { element, move(left, whole) }: a meter for the time left of a session, in seconds. */
export function timeBar() {
  const fill = make("div", { class: "meter-fill" });
  const meter = make(
    "div",
    { class: "meter", role: "meter", "aria-label": "Time left of the session", "aria-valuemin": "0", "data-testid": "time-left" },
    fill,
  );
  // Not a live region: a screen reader would announce every tick. It reads the meter on request.
  const text = make("p", { class: "meter-text", "data-testid": "time-words" });
  const move = (left, whole) => {
    const seconds = Math.max(0, Math.round(left));
    meter.setAttribute("aria-valuemax", String(Math.round(whole)));
    meter.setAttribute("aria-valuenow", String(Math.min(seconds, Math.round(whole))));
    meter.setAttribute("aria-valuetext", `${duration(seconds)} left`);
    meter.dataset.low = String(seconds < Math.min(60, whole / 5));
    fill.style.setProperty("inline-size", `${Math.min(100, (100 * seconds) / Math.max(1, whole))}%`);
    text.textContent = seconds > 0
      ? `${duration(seconds)} left of ${duration(whole)}. The session is renewed automatically before it expires.`
      : "The session has expired.";
  };
  return { element: make("div", {}, meter, text), move };
}

/** A form to request fewer permissions. `narrow(scope)` requests a session for those that stay ticked. */
export function narrowForm(permissions, narrow) {
  const boxes = permissions.map((permission) =>
    make("input", { type: "checkbox", value: permission, checked: true, "data-testid": `permission-${permission}` }),
  );
  const hint = make("p", { class: "note", role: "status", "data-testid": "narrow-hint" });
  const submit = async (event) => {
    event.preventDefault();
    const kept = boxes.filter((box) => box.checked).map((box) => box.value);
    hint.textContent = kept.length === 0 ? "Keep at least one permission." : "";
    if (kept.length > 0) await narrow(kept.join(" "));
  };
  return make(
    "form",
    { class: "narrow", submit },
    make(
      "fieldset",
      {},
      make("legend", {}, "Narrow the session"),
      make("p", { class: "note" }, "A part of the Web App that shows one map needs permission for that map only."),
      make("div", { class: "boxes" }, boxes.map((box) => make("label", {}, box, make("code", {}, box.value)))),
      hint,
      make("button", { type: "submit", class: "second", "data-testid": "narrow-submit" }, "Narrow"),
    ),
  );
}
