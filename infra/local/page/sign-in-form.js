// The form to choose a site, a person and a sign-in method.

import { button, buttons, make, notice, prose } from "./elements.js";

/** The sign-in methods, by name: title and description. */
export const WAYS = {
  "msal-redirect": ["MSAL.js, redirect", "As in the Web App: this page goes to Entra and comes back."],
  "msal-popup": ["MSAL.js, pop-up window", "Entra opens in a separate window."],
  "msal-silent": ["MSAL.js, silent", "No prompt, if this browser is already signed in to Entra."],
  plain: ["Without MSAL.js", "The same authorization code flow with PKCE, by redirect."],
};

/** The form. `chosen` preselects { site, person, way } by name; `obstacle` of `msalObstacle` is shown; `submit(choice)` signs in. */
export function signInForm({ config, chosen, obstacle, submit }) {
  const way = obstacle ? "plain" : (chosen.way ?? "msal-redirect");
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
    disabled: Boolean(obstacle) && value !== "plain",
  }));
  const onSubmit = (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    submit({ site: data.get("site"), person: data.get("person"), way: data.get("way") });
  };
  return make(
    "form",
    { class: "sign-in", submit: onSubmit, "data-testid": "sign-in-form" },
    choices("site", "Site", sites, chosen.site),
    choices("person", "Person", people, chosen.person),
    obstacle,
    choices("way", "Sign-in method", ways, way),
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

/** A notice that MSAL cannot be used, and what to do: it is "missing", or it cannot reach the tenant over https. */
export function msalObstacle(which, authority, retry) {
  const element = which === "missing" ? missing() : unreachable(`${authority}/`, retry);
  element.dataset.testid = "msal-obstacle";
  return element;
}

function missing() {
  const text = "`make run` gets it from npm. Install npm and start `make run` again, or sign in without MSAL.js.";
  return notice("info", "MSAL.js is not installed", make("p", {}, prose(text)));
}

function unreachable(address, retry) {
  const link = make("a", { href: address, target: "_blank", rel: "noopener", "data-testid": "trust-link" }, address);
  return notice(
    "warning",
    "MSAL.js cannot reach the emulated Entra yet",
    make("p", {}, "MSAL.js needs https, and this browser does not trust the certificate that the emulated Entra made for itself. Open ", link, ", accept the certificate, then come back and check again. Or sign in without MSAL.js."),
    buttons(button("trust-retry", "Check again", retry, { class: "second small" })),
  );
}

/** A site's name as in a sentence. */
export function capitalised(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
