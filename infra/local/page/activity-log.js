// The activity log: what happened on this page, in order. It only takes sentences, never a token.

import { icon, make } from "./elements.js";

const MAX_LINES = 200;

/** { element, note }: `note(kind, text)` adds a line; kind is info, allowed, refused or warning. */
export function activityLog() {
  const list = make("ol", { class: "plain" });
  const element = make(
    "div",
    { class: "activity", role: "log", "aria-label": "Activity log", tabindex: "0", "data-testid": "activity" },
    list,
  );
  const note = (kind, text) => {
    const time = new Date();
    const clock = make("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-AU", { hour12: false }));
    list.append(make("li", { "data-kind": kind }, clock, icon(kind), make("span", {}, text)));
    while (list.children.length > MAX_LINES) list.firstElementChild.remove();
    element.scrollTop = element.scrollHeight;
  };
  return { element, note };
}
