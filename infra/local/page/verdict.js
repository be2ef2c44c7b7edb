// The verdict: who is signed in, and in the same line what came of it.

import { button, buttons, icon, make, prose } from "./elements.js";
import { capitalised, WAYS } from "./sign-in-form.js";

/**
 * { element, show(outcome) }. An outcome is { state, scope, described }: waiting; open with the session's scope; refused with
 * a described error; or discarded. `acts` has another and signOut.
 */
export function verdictView({ name, site, way }, acts) {
  const line = make("p", { role: "status", "data-testid": "verdict" });
  const element = make(
    "div",
    { class: "notice signed-in" },
    icon("info"),
    make("div", {}, line, make("p", { class: "note" }, `Sign-in method: ${WAYS[way][0]}`)),
    buttons(
      button("sign-out", "Sign out", acts.signOut, { class: "small" }),
      button("another", "Sign in as someone else", acts.another, { class: "second small" }),
    ),
  );
  const show = (outcome) => {
    const [kind, ...text] = sentence(outcome, site.catalogues);
    const next = make("p", {}, make("strong", {}, `${name} is signed in to ${capitalised(site.name)}`), text);
    // A renewal changes nothing, and should not be announced.
    if (next.textContent === line.textContent) return;
    element.dataset.kind = kind;
    element.firstChild.replaceWith(icon(kind));
    line.replaceChildren(...next.childNodes);
  };
  show({ state: "waiting" });
  return { element, show };
}

/** The kind of an outcome, and the end of its sentence. */
function sentence({ state, scope = [], described }, catalogues) {
  if (state === "waiting") return ["info", ". The exchange is deciding…"];
  if (state === "discarded") return ["warning", ", but no catalogue is open: the session was discarded."];
  if (state === "refused") {
    const reason = described.reason ?? described.code;
    const way = make("a", { href: "#session" }, "See why");
    return ["refused", ", but no catalogue is open: ", reason ? make("code", {}, reason) : described.title, ". ", way];
  }
  const isOpen = (id) => scope.includes(`${id}:read`) || scope.includes(`${id}:write`);
  const open = catalogues.map(({ id }) => id).filter(isOpen);
  const count = `, and ${open.length} of ${catalogues.length} catalogues ${open.length === 1 ? "is" : "are"} open: `;
  return ["allowed", count, ...prose(open.map((id) => `\`${id}\``).join(", ")), "."];
}
