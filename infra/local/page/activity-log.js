// The activity log: what happened in this tab, in order. It only takes sentences, never a token, and keeps them while a
// sign-in leaves the page.

import { icon, make } from "./elements.js";

const MAX_LINES = 200;
const STORED = "pozi-activity";

/** { element, note }: `note(kind, text)` adds a line; kind is info, allowed, refused or warning. */
export function activityLog() {
  const list = make("ol", { class: "plain" });
  const element = make(
    "div",
    { class: "activity", role: "log", "aria-label": "Activity log", tabindex: "0", "data-testid": "activity" },
    list,
  );
  const lines = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
  const show = ([at, kind, text]) => {
    const time = new Date(at);
    const clock = make("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-AU", { hour12: false }));
    list.append(make("li", { "data-kind": kind }, clock, icon(kind), make("span", {}, text)));
    while (list.children.length > MAX_LINES) list.firstElementChild.remove();
    element.scrollTop = element.scrollHeight;
  };
  lines.forEach(show);
  const note = (kind, text) => {
    const line = [Date.now(), kind, text];
    lines.push(line);
    sessionStorage.setItem(STORED, JSON.stringify(lines.slice(-MAX_LINES)));
    show(line);
  };
  return { element, note };
}
