// What answers mean: those of the service, and those of the server of the data.

import { PoziError } from "./problems.js";
import { REFUSAL_HOLDS } from "./refusal.js";
import { stopIf, stopwatch } from "./waiting.js";

/** The service, or a proxy before it, may be able to answer a little later. */
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];
/** A redirect, or a proxy or a network that wants a sign-in of its own. */
const INTERCEPTED_STATUS = [301, 302, 303, 307, 308, 407, 511];

/** Returns the problem that an answer of the service means, or of something in its place. */
export async function answerProblem(response) {
  const { ok, status, headers } = response;
  const text = await response.text();
  const { error, reason, error_description: description, graph_scope: graphScope } = parsed(text);
  const isPage = /html/.test(headers.get("Content-Type")) || /^\s*</.test(text);
  const isForeign = isIntercepted(response) || (isPage && !TRANSIENT_STATUS.includes(status));
  return new PoziError(isForeign ? "network_answers" : (!ok && reason) || "bad_answer", {
    error,
    description,
    graphScope,
    status,
    retryAfter: isForeign ? undefined : secondsUntil(headers.get("Retry-After"), headers.get("Date")),
  });
}

/** Whether `error` may go away by itself. */
export const isTransient = ({ reason, status, retryAfter }) =>
  retryAfter !== undefined || TRANSIENT_STATUS.includes(status) || reason === "network" || reason === "timeout";

/**
 * Decides what follows an answer of the data's server that is not ok, or an error in its place. Returns true if the request is
 * worth repeating, after a 401 that another session may change; a session just renewed that is not accepted either is told.
 * Throws if there is no answer, or if something on the way gave it.
 */
export async function isWorthRepeating(response, { isOnce, isRepeated, used, signal, where }, sessions, service) {
  stopIf(signal);
  if (response instanceof Error) throw new PoziError("network", { cause: response, ...where });
  const { status, headers } = response;
  if (isIntercepted(response)) throw new PoziError("network_answers", { status, ...where });
  if (status !== 401 || isOnce) return false;
  const isReplaced = service.replaced?.() < REFUSAL_HOLDS;
  if (!isRepeated && !sessions.isHeld(used)) return true;
  if (!isRepeated && !isReplaced) {
    await sessions.exchanged(signal);
    service.replaced = stopwatch();
    return true;
  }
  const description = headers.get("WWW-Authenticate") ?? undefined;
  sessions.tell(new PoziError("session_not_accepted", { status, description, ...where }));
  return false;
}

/** Returns the problem of an answer with `body` that is an error, or not of the expected `kind`. */
export async function contentProblem({ status }, body, kind) {
  if (status === 401) return new PoziError("session_not_accepted", { status });
  const { description } = parsed(await body.text());
  return new PoziError(kind === "image" ? "no_image" : "no_data", { status, description });
}

const isIntercepted = ({ type, status }) => type === "opaqueredirect" || INTERCEPTED_STATUS.includes(status);

/** Reads a Retry-After (RFC 9110 §10.2.3): seconds, or a date by the server's clock, which its Date shows if it is readable. */
function secondsUntil(retryAfter, date) {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter);
  const seconds = (Date.parse(retryAfter) - (Date.parse(date) || Date.now())) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Returns the members of a JSON object; none if `text` is something else. */
function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
