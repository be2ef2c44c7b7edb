// The exchange as callers see it: requests (RFC 8693 §2.1) until there is a session or no hope of one.

import { troubles } from "./problems.js";
import { stopIf, stopwatch, within } from "./waiting.js";

/** Seconds until a request to the service times out, and until `entraToken` does. */
const REQUEST_TIMEOUT = 10;
const ENTRA_TIMEOUT = 60;
const URN = "urn:ietf:params:oauth:";

/**
 * Exchanges an Entra token for a session { token, scope, life, age }, in seconds. `service` has the session's options and its
 * `endpoint`, and keeps what is remembered of refusals. Rejects with a {@link PoziError} or the signal's reason.
 */
export async function exchange(service, forceRefresh, signal) {
  let attempt = { age: stopwatch(), forceRefresh };
  for (;;) {
    try {
      service.refusal?.check();
      attempt.token = await entraToken(service, attempt.forceRefresh, signal);
      if (!attempt.forceRefresh) service.refusal?.check(attempt.token);
      return await request(service, attempt.token, await service.more?.(attempt, signal), signal);
    } catch (error) {
      stopIf(signal);
      attempt = await (await troubles()).nextAttempt(error, attempt, service, signal);
    }
  }
}

/** Asks the Web App for an Entra token. Rejects with a {@link PoziError} or the signal's reason. */
export async function entraToken(service, forceRefresh, signal) {
  service.noToken?.check();
  try {
    const token = await within(ENTRA_TIMEOUT, signal, async (signal) => service.entraToken({ forceRefresh, signal }));
    if (isText(token)) return token;
    throw new TypeError("no token");
  } catch (error) {
    stopIf(signal);
    throw (await troubles()).entraProblem(error, service);
  }
}

/** Sends one request, which needs no CORS preflight, with `more` parameters. */
async function request({ endpoint, scope }, subject_token, more, signal) {
  const body = new URLSearchParams({
    grant_type: `${URN}grant-type:token-exchange`,
    subject_token_type: `${URN}token-type:access_token`,
    subject_token,
    ...(scope && { scope }),
    ...more,
  });
  // Started before the request, since the session's lifetime begins at some moment during it.
  const age = stopwatch();
  return within(REQUEST_TIMEOUT, signal, async (signal) => {
    const response = await fetch(endpoint, { method: "POST", body, credentials: "omit", redirect: "manual", signal });
    // A broken proxy may send something else than an object.
    const { access_token: token, token_type, expires_in: life, scope } = Object(await response.clone().json().catch(String));
    const isSession = response.ok && isText(token) && isText(scope) && /^bearer$/i.test(token_type) && life > 0;
    if (isSession) return { token, scope: scope.split(" "), life, age };
    throw await (await troubles()).answerProblem(response);
  });
}

const isText = (value) => typeof value === "string" && value.trim();
