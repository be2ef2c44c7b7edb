// The second token of a person in more groups than an Entra token can list: for Microsoft Graph, which says which of the
// site's groups they are in.

import { isTransient } from "./answers.js";
import { entraToken } from "./exchange.js";
import { stopIf } from "./waiting.js";

/**
 * The scopes that the service may ask for, one for each of Microsoft's clouds: only this permission of only these hosts, so
 * that no answer can make the Web App acquire a token for something else.
 */
const SCOPES = [
  "https://graph.microsoft.com/User.Read",
  "https://graph.microsoft.us/User.Read",
  "https://microsoftgraph.chinacloudapi.cn/User.Read",
];

/** Whether a Graph token may change `refused`, a refusal. */
export const graphTokenMayHelp = (refused) => refused.reason === "groups_overage" && SCOPES.includes(refused.graphScope);

/**
 * Returns a function that returns the parameter with the Graph token for an attempt, from now on for each exchange of
 * `service`. If there is no such token, it throws `refused`, and the next exchange does without, unless it is refused in the same way.
 */
export const graphTokens = (service, refused) => async (attempt, signal) => {
  const scopes = [refused.graphScope];
  // What is remembered of failures is about the site's own token.
  const graph = { entraToken: (request) => service.entraToken({ ...request, scopes }) };
  attempt.hasTriedGraph = true;
  try {
    const graph_token = await entraToken(graph, attempt.forceRefresh, signal);
    // A source that does not know of scopes returns the site's own token.
    if (graph_token !== attempt.token) return { graph_token };
  } catch (error) {
    stopIf(signal);
    if (isTransient(error)) throw error;
  }
  service.more = undefined;
  throw refused;
};
