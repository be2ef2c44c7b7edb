// Makes the page's elements. Claims and error messages come from outside and may contain markup, so text is only ever
// inserted as text.

/** An element. A function among `attributes` listens to the event of that name; `false` and `undefined` are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Replaces the content of `container`. Keyboard focus in there goes to the same control, or else to `container`. */
export function fill(container, ...children) {
  const active = document.activeElement;
  const hadFocus = container.contains(active);
  const testid = active?.dataset.testid;
  container.replaceChildren(...present(children));
  if (!hadFocus) return;
  const same = testid && container.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  if (!same) container.setAttribute("tabindex", "-1");
  (same || container).focus({ preventScroll: true });
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

/** `text` with what is between backticks as code. */
export function prose(text = "") {
  return String(text).split("`").map((piece, index) => (index % 2 === 1 ? make("code", {}, piece) : piece));
}

const SHAPES = {
  allowed: ["M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20z", "M7.500 12.500l3 3 6-6.500"],
  refused: ["M8 2h8l6 6v8l-6 6H8l-6-6V8z", "M8.500 8.500l7 7m0-7l-7 7"],
  warning: ["M12 2.500l10.500 18.500h-21z", "M12 9v5m0 3v.2"],
  info: ["M4 3h16a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z", "M12 11v6m0-10v.2"],
};

/** An icon with a different shape for each kind, so that colour alone carries no meaning. Text stands beside it. */
export function icon(kind) {
  const [body, mark] = SHAPES[kind] ?? SHAPES.info;
  const svg = inSvg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", "data-kind": kind });
  svg.append(inSvg("path", { d: body, class: "icon-body" }), inSvg("path", { d: mark, class: "icon-mark" }));
  return svg;
}

function inSvg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A box with a message: `kind` is allowed, refused, warning or info. */
export function notice(kind, title, ...more) {
  return make("div", { class: "notice", "data-kind": kind }, icon(kind), make("div", {}, make("strong", {}, title), more));
}

/** A box for an error that `describe` of errors.js has described. */
export function errorBox({ title, code, reason, text, hint, setting }, ...more) {
  const facts = [
    code && make("code", { "data-testid": "problem-code" }, code),
    reason && make("code", { "data-testid": "problem-reason" }, reason),
  ].filter(Boolean);
  const box = notice(
    "refused",
    title,
    facts.length > 0 && make("p", { class: "facts" }, facts),
    text && make("p", { "data-testid": "problem-text" }, prose(text)),
    hint && make("p", { class: "quiet" }, prose(hint)),
    setting && make("p", { "data-testid": "problem-setting" }, make("strong", {}, "To correct it in Entra: "), setting),
    more,
  );
  box.dataset.testid = "problem";
  return box;
}

/** The text of a panel that has nothing to show yet. */
export function empty(text) {
  return make("p", { class: "quiet", "data-testid": "empty" }, text);
}

/** The text of a panel that waits for a response. */
export function waiting(text) {
  return make("p", { class: "quiet waiting", role: "status" }, text);
}

/** A button that runs `work`, which may be slow, once at a time. It is never disabled: that would take the focus away. */
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

/** A row of buttons. */
export function buttons(...children) {
  return make("div", { class: "row buttons" }, children);
}
