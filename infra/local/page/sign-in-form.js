// The choice of site, person and way to sign in; and, once that is done, who is signed in.

import { button, make, notice, prose, sign } from "./elements.js";

/** The ways to sign in, by name. */
export const WAYS = {
  "msal-redirect": ["MSAL.js, by redirect", "As the Web App does it: this page goes to Entra and comes back."],
  "msal-popup": ["MSAL.js, in a window", "Entra opens in a window of its own."],
  "msal-silent": ["MSAL.js, silently", "Works when the tenant already knows the browser."],
  plain: ["Plain code flow", "The same without a library: code and PKCE, by redirect."],
};

/**
 * The form. `chosen` is { site, person, way } by name; `obstacle` says why MSAL cannot be used, if so; `submit(choice)`
 * signs in.
 */
export function signInForm({ config, chosen, obstacle, submit }) {
  const firstWay = obstacle ? "plain" : "msal-redirect";
  const way = obstacle?.blocks && chosen.way !== "plain" ? firstWay : (chosen.way ?? firstWay);
  const sites = config.sites.map((site) => ({
    value: site.name,
    title: capitalised(site.name),
    what: site.catalogues.map(({ title }) => title).join(", "),
  }));
  const people = config.people.map(({ person, name, what }) => ({ value: person, title: name || person, what }));
  const ways = Object.entries(WAYS).map(([value, [title, what]]) => ({
    value,
    title,
    what,
    disabled: Boolean(obstacle?.blocks) && value !== "plain",
  }));
  const onSubmit = (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    submit({ site: data.get("site"), person: data.get("person"), way: data.get("way") });
  };
  return make(
    "form",
    { class: "sign-in", submit: onSubmit, "data-testid": "sign-in-form" },
    choices("site", "At which site", sites, chosen.site),
    choices("person", "As whom", people, chosen.person),
    obstacle?.element,
    choices("way", "How", ways, way),
    make("button", { type: "submit", "data-testid": "sign-in-submit" }, "Sign in"),
  );
}

function choices(name, legend, items, chosen) {
  const at = Math.max(0, items.findIndex(({ value }) => value === chosen));
  const cards = items.map(({ value, title, what, disabled }, index) => {
    const id = `${name}-${value}`;
    const radio = { type: "radio", name, value, id, checked: index === at, disabled, "data-testid": id };
    return make(
      "div",
      { class: "choice" },
      make("input", { ...radio, "aria-describedby": `${id}-what` }),
      make("label", { for: id }, title),
      make("p", { class: "note", id: `${id}-what` }, prose(what)),
    );
  });
  return make("fieldset", { class: `choose-${name}` }, make("legend", {}, legend), make("div", { class: "choices" }, cards));
}

/** Who is signed in, where and how; `acts` has another and signOut. */
export function signedInView({ name, site, way, acts }) {
  const said = make("strong", { "data-testid": "signed-in-as" }, `${name} is signed in at ${capitalised(site)}`);
  return make(
    "div",
    { class: "notice signed-in", "data-kind": "allowed" },
    sign("allowed"),
    make("div", {}, said, make("p", { class: "note" }, `Signed in by: ${WAYS[way][0]}.`)),
    make(
      "div",
      { class: "row buttons" },
      button("sign-out", "Sign out", acts.signOut),
      button("another", "Sign in as somebody else", acts.another, { class: "second" }),
    ),
  );
}

/** Why MSAL cannot be used, and what to do: it was not fetched, or this browser does not reach the tenant by https. */
export function msalObstacle(which, authority, retry) {
  if (which === "missing") {
    const text = "It comes from npm when `make run` starts. Start it again with npm installed, or use the plain code flow.";
    return { blocks: true, element: tagged(notice("info", "MSAL.js was not fetched", make("p", {}, prose(text)))) };
  }
  const link = make("a", { href: `${authority}/`, target: "_blank", rel: "noopener", "data-testid": "trust-link" }, `${authority}/`);
  const element = notice(
    "warning",
    "MSAL.js cannot reach the emulated tenant yet",
    make("p", {}, "MSAL.js insists on https, and the tenant made its certificate itself, just now. Open ", link, " once, accept the certificate, and come back. Until then the plain code flow works."),
    make("div", { class: "row buttons" }, button("trust-retry", "Look again", retry, { class: "second small" })),
  );
  return { blocks: true, element: tagged(element) };
}

function tagged(element) {
  element.dataset.testid = "msal-obstacle";
  return element;
}

function capitalised(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
