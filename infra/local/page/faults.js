// The panel that simulates faults of the emulated Entra, and an administrator's mistakes in its app registrations.

import { button, make } from "./elements.js";

const LEVERS = [
  ["roll", "levers/roll", "Rotate its keys", "Entra signs with a new key from now on. Sign-ins and sessions continue."],
  ["brief", "levers/brief?seconds=20", "20-second tokens", "Access tokens expire after 20 seconds, so you can watch a renewal."],
  ["slow", "levers/slow", "Respond slowly", "Entra takes 5 seconds to respond."],
  ["down", "levers/down", "Go down", "Entra responds with status 503. The exchange continues with the keys it has."],
  ["rubbish", "levers/rubbish", "Return HTML", "Entra responds with the login page of a guest network instead of JSON."],
  ["well", "levers/well", "Back to normal", "Ends all of the above."],
];

/** The panel. `post(path)` sends a request to the emulated Entra and logs its response. */
export function faultsPanel(mistakes, post) {
  const levers = LEVERS.map(([name, path, text]) =>
    button(`lever-${name}`, text, () => post(path), { class: "small", "aria-describedby": `lever-${name}-what` }),
  );
  const meanings = LEVERS.map(([name, , text, what]) => [
    make("dt", {}, text),
    make("dd", { class: "note", id: `lever-${name}-what` }, what),
  ]);
  return [
    make("h3", {}, "The emulated Entra"),
    make("div", { class: "levers" }, levers),
    make("details", {}, make("summary", {}, "What these buttons do"), make("dl", {}, meanings)),
    make("h3", {}, "The app registrations in Entra"),
    mistakesForm(mistakes, post),
  ];
}

function mistakesForm(mistakes, post) {
  const options = mistakes.map(({ name, code }) => make("option", { value: name }, `${name} (${code})`));
  const select = make(
    "select",
    { id: "mistake", "data-testid": "mistake", "aria-describedby": "mistake-what" },
    make("option", { value: "none" }, "none"),
    options,
  );
  const what = make("p", { class: "note", id: "mistake-what" });
  const explain = () => {
    const chosen = mistakes.find(({ name }) => name === select.value);
    what.textContent = chosen ? `${chosen.what} Apply it, then sign in again to see the error.` : "The registrations are correct.";
  };
  select.addEventListener("change", explain);
  explain();
  return make(
    "div",
    { class: "field" },
    make("label", { for: "mistake" }, "An administrator's mistake"),
    make("div", { class: "row" }, select, button("mistake-make", "Apply", () => post(`mistakes/${select.value}`), { class: "small" })),
    what,
  );
}
