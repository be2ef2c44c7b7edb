// Makes the page's elements. Text goes in as text alone: claims and errors are other people's words, and may be markup.

/** An element. A function among `attributes` listens to the event of that name; `false` and `undefined` leave out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...shown(children));
  return element;
}

/** Replaces what is in `container`. Whoever was in there by keyboard stays: at the same control, if there still is one. */
export function fill(container, ...children) {
  const active = document.activeElement;
  const wasIn = container.contains(active);
  const testid = active?.dataset.testid;
  container.replaceChildren(...shown(children));
  if (!wasIn) return;
  const same = testid && container.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  if (!same) container.setAttribute("tabindex", "-1");
  (same || container).focus({ preventScroll: true });
}

function shown(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

/** A sentence in which what stands between backticks is code. */
export function prose(text = "") {
  return String(text).split("`").map((piece, index) => (index % 2 === 1 ? make("code", {}, piece) : piece));
}

const SHAPES = {
  allowed: ["M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20z", "M7.500 12.500l3 3 6-6.500"],
  refused: ["M8 2h8l6 6v8l-6 6H8l-6-6V8z", "M8.500 8.500l7 7m0-7l-7 7"],
  warning: ["M12 2.500l10.500 18.500h-21z", "M12 9v5m0 3v.2"],
  info: ["M4 3h16a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z", "M12 11v6m0-10v.2"],
};

/** A sign of its own shape for each kind, so that nobody depends on colours; the words stand beside it. */
export function sign(kind) {
  const [body, mark] = SHAPES[kind] ?? SHAPES.info;
  const svg = inSvg("svg", { viewBox: "0 0 24 24", class: "sign", "aria-hidden": "true", "data-kind": kind });
  svg.append(inSvg("path", { d: body, class: "sign-body" }), inSvg("path", { d: mark, class: "sign-mark" }));
  return svg;
}

function inSvg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A box that says something: `kind` is allowed, refused, warning or info. */
export function notice(kind, title, ...more) {
  return make("div", { class: "notice", "data-kind": kind }, sign(kind), make("div", {}, make("strong", {}, title), more));
}

/** A box that says what went wrong, from `problems.js`. */
export function problemBox(problem, ...more) {
  const facts = [
    problem.code && make("code", { "data-testid": "problem-code" }, problem.code),
    problem.reason && make("code", { "data-testid": "problem-reason" }, problem.reason),
  ].filter(Boolean);
  const box = notice(
    "refused",
    problem.title,
    facts.length > 0 ? make("p", { class: "facts" }, facts) : undefined,
    problem.text && make("p", { "data-testid": "problem-text" }, prose(problem.text)),
    problem.hint && make("p", { class: "quiet" }, prose(problem.hint)),
    more,
  );
  box.dataset.testid = "problem";
  return box;
}

/** A panel that has nothing to show yet. */
export function empty(text) {
  return make("p", { class: "quiet", "data-testid": "empty" }, text);
}

/** A panel that waits for an answer. */
export function waiting(text) {
  return make("p", { class: "quiet waiting", role: "status" }, text);
}

/**
 * A button that does `work` (which may be slow), once at a time. It is not disabled meanwhile: whoever is at it by
 * keyboard would be thrown off.
 */
export function button(testid, text, work, attributes = {}) {
  const element = make("button", { type: "button", "data-testid": testid, ...attributes }, text);
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    try {
      await work();
    } finally {
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}
