// What happened on this page, in order. Only sentences come in here, never a token.

import { make, sign } from "./elements.js";

const MOST = 200;

/** { element, note }: `note(kind, text)` adds a line; kind is info, allowed, refused or warning. */
export function journal() {
  const list = make("ol", { class: "plain" });
  const element = make(
    "div",
    { class: "journal", role: "log", "aria-label": "What happened", tabindex: "0", "data-testid": "journal" },
    list,
  );
  const note = (kind, text) => {
    const time = new Date();
    const clock = make("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-AU", { hour12: false }));
    list.append(make("li", { "data-kind": kind }, clock, sign(kind), make("span", {}, text)));
    while (list.children.length > MOST) list.firstElementChild.remove();
    element.scrollTop = element.scrollHeight;
  };
  return { element, note };
}
