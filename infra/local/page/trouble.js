// The levers that make the emulated Entra misbehave, and the mistakes that spoil its registration.

import { button, make } from "./elements.js";

const LEVERS = [
  ["roll", "levers/roll", "Roll its keys", "It signs with a new key from now on. Nobody should notice."],
  ["brief", "levers/brief?seconds=20", "Tokens of 20 s", "Entra tokens live for 20 seconds, so renewals can be watched."],
  ["slow", "levers/slow", "Be slow", "It takes 5 seconds to answer."],
  ["down", "levers/down", "Be down", "It answers 503. The exchange goes on with the keys it knows."],
  ["rubbish", "levers/rubbish", "Talk rubbish", "It answers with the page of a guest network."],
  ["well", "levers/well", "Be well again", "Ends all of the above."],
];

/** The panel. `post(path)` asks the emulated tenant, and tells in the journal what it said. */
export function troublePanel(mistakes, post) {
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
    make("details", {}, make("summary", {}, "What these do"), make("dl", {}, meanings)),
    make("h3", {}, "The site's registration"),
    mistakesForm(mistakes, post),
  ];
}

function mistakesForm(mistakes, post) {
  const options = mistakes.map(({ name, code }) => make("option", { value: name }, `${name} (${code})`));
  const select = make(
    "select",
    { id: "mistake", "data-testid": "mistake", "aria-describedby": "mistake-what" },
    make("option", { value: "none" }, "none: as it should be"),
    options,
  );
  const what = make("p", { class: "note", id: "mistake-what" });
  const tell = () => {
    const chosen = mistakes.find(({ name }) => name === select.value);
    what.textContent = chosen ? `${chosen.what} Then sign in again.` : "Sign-ins work.";
  };
  select.addEventListener("change", tell);
  tell();
  return make(
    "div",
    { class: "field" },
    make("label", { for: "mistake" }, "Mistake"),
    make("div", { class: "row" }, select, button("mistake-make", "Make it", () => post(`mistakes/${select.value}`), { class: "small" })),
    what,
  );
}
