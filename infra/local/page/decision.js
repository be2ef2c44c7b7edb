// Shows the exchange's decision for each catalogue, and its reason.

import { icon, make, prose } from "./elements.js";

const VERDICTS = {
  read: ["May read", "May not read"],
  write: ["May write", "May not write"],
  download: ["May download", "May not download"],
};

const FROM_GRAPH =
  "The person is in more groups than a token can list, so the exchange asked Microsoft Graph about the groups that the site names, and about no others, with the person's own Graph token. The answer is kept for five minutes.";

/** The response of /local/explain: a list of catalogues, and where the groups come from if not from the token. */
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
  const list = make("ul", { class: "plain cards" }, items);
  return explained.groups_from === "token" ? list : [make("p", { "data-testid": "groups-from" }, FROM_GRAPH), list];
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
