// Shows the exchange's decision for each catalogue, and its reason.

import { icon, make, prose } from "./elements.js";

const VERDICTS = {
  read: ["May read", "May not read"],
  write: ["May write", "May not write"],
  download: ["May download", "May not download"],
};

/** The response of /local/explain as a list of catalogues. */
export function decisionList(explained) {
  const items = explained.catalogues.map((catalogue) =>
    make(
      "li",
      { class: "card", "data-testid": `decision-${catalogue.id}` },
      make("h3", {}, catalogue.title, " ", make("code", {}, catalogue.id)),
      verdict(catalogue, "read"),
      verdict(catalogue, "write"),
      catalogue.download && verdict(catalogue, "download"),
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
    icon(allowed ? "allowed" : "refused"),
    make(
      "div",
      {},
      make("strong", {}, allowed ? may : mayNot),
      make("p", {}, prose(sentence)),
      groups.length > 0 && groupList(groups, allowed),
    ),
  );
}

function groupList(groups, allowed) {
  return make(
    "details",
    { class: "groups" },
    make("summary", {}, allowed ? "Matching groups" : "Groups that would allow it"),
    make("ul", { class: "plain" }, groups.map((group) => make("li", {}, make("code", {}, group)))),
  );
}
