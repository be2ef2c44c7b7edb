// The elements of the page around the map.

import { config } from "./config.js";

const element = (id) => document.getElementById(id);

export const onSignIn = (act) => element("sign-in").addEventListener("click", act);
export const onSignOut = (act) => element("sign-out").addEventListener("click", act);

/** Shows who has signed in: `account`, or nobody. */
export function showPerson(account) {
  element("person").textContent = account?.name ?? "";
  element("sign-in").hidden = Boolean(account);
  element("sign-out").hidden = !account;
}

/** Shows a box for each of the catalogues `ids`, which calls `setVisible(id, isVisible)`. */
export function showCatalogues(ids, setVisible) {
  const list = element("catalogues");
  const [legend, ...boxes] = list.children;
  const kept = new Map(boxes.map((box) => [box.dataset.catalogue, box]));
  list.replaceChildren(legend, ...ids.map((id) => kept.get(id) ?? box(id, setVisible)));
  list.hidden = ids.length === 0;
}

function box(id, setVisible) {
  const label = document.createElement("label");
  label.dataset.catalogue = id;
  const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  input.addEventListener("change", () => setVisible(id, input.checked));
  label.append(input, ` ${config.catalogues[id].title}`);
  return label;
}

/** Shows `problem` to the person and the administrator, with a button that calls `again` if there is one; or no problem. */
export function showProblem(problem, again) {
  element("problem").hidden = !problem;
  if (!problem) return;
  const { reason, catalogue, forPerson, description, cause } = problem;
  element("for-person").textContent = forPerson;
  element("for-administrator").textContent = [reason, catalogue, description ?? cause?.message].filter(Boolean).join(" · ");
  element("again").textContent = reason === "interaction_required" ? "Sign in again" : "Try again";
  element("again").hidden = !again;
  element("again").onclick = again || undefined;
}
