// What an error of `entraToken` means. MSAL's have an `errorCode`.

import { PoziError } from "./problems.js";
import { REFUSAL_HOLDS, refusal } from "./refusal.js";

/** Codes of MSAL that mean no network, no answer in time, and that the person has to do something. */
const MSAL_NETWORK = [
  "endpoints_resolution_error",
  "get_request_failed",
  "network_error",
  "no_network_connectivity",
  "openid_config_error",
  "post_request_failed",
];
const MSAL_TIMEOUT = ["monitor_window_timeout", "timed_out"];
const MSAL_INTERACTION = [
  "consent_required",
  "interaction_required",
  "login_required",
  "no_account_error",
  "no_account_found",
  "no_account_in_silent_request",
  "no_tokens_found",
  "refresh_token_expired",
];

/** Returns the problem that an error of `entraToken` means, and remembers it unless it may go away by itself. */
export function entraProblem(cause, service) {
  if (cause instanceof PoziError) return cause;
  const code = cause?.errorCode;
  if (MSAL_NETWORK.includes(code)) return new PoziError("network", { cause });
  if (MSAL_TIMEOUT.includes(code)) return new PoziError("timeout", { cause });
  const needsPerson = cause?.name === "InteractionRequiredAuthError" || MSAL_INTERACTION.includes(code);
  const problem = new PoziError(needsPerson ? "interaction_required" : "entra_token", { cause });
  service.noToken = refusal(problem, needsPerson ? Infinity : REFUSAL_HOLDS);
  return problem;
}
