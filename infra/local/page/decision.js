// Shows what the exchange decides about each catalogue, and why.

import { make, prose, sign } from "./elements.js";

const VERDICTS = { read: ["May read", "May not read"], write: ["May write", "May not write"] };

/** The answer of /local/explain as a list of catalogues. */
export function decisionList(explained) {
  const items = explained.catalogues.map((catalogue) =>
    make(
      "li",
      { class: "card", "data-testid": `decision-${catalogue.id}` },
      make("h3", {}, catalogue.title, " ", make("code", {}, catalogue.id)),
      verdict(catalogue, "read"),
      verdict(catalogue, "write"),
    ),
  );
  return make("ul", { class: "plain cards" }, items);
}

function verdict(catalogue, access) {
  const { allowed, because, sentence, groups = [] } = catalogue[access];
  const [may, mayNot] = VERDICTS[access];
  return make(
    "div",
    {
      class: "verdict",
      "data-testid": `decision-${catalogue.id}-${access}`,
      "data-allowed": String(allowed),
      "data-because": because,
    },
    sign(allowed ? "allowed" : "refused"),
    make(
      "div",
      {},
      make("strong", {}, allowed ? may : mayNot),
      make("p", {}, prose(sentence)),
      groups.length > 0 && groupsOf(groups, allowed),
    ),
  );
}

function groupsOf(groups, allowed) {
  const which = groups.length === 1 ? "Group" : "Groups";
  return make(
    "details",
    { class: "groups" },
    make("summary", {}, allowed ? `${which} that counted` : `${which} that it takes`),
    make("ul", { class: "plain" }, groups.map((group) => make("li", {}, make("code", {}, group)))),
  );
}
