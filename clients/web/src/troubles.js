// What to make of errors: which mean what, which are tried again and when, which are remembered, and what the person is told.

import { PoziError, sentences } from "./problems.js";
import { refusal } from "./refusal.js";
import { forPerson } from "./sentences.js";
import { abortable, onWindowEvent, stopIf, stopwatch } from "./waiting.js";

/** Attempts after the first, and the seconds within which they begin. */
const MAX_RETRIES = 3;
const MAX_SECONDS = 60;
/** Seconds that a caller waits for a Retry-After; a longer one is told, and followed in the background. */
const MAX_PAUSE = 30;
/** Seconds between attempts in the background, at least; doubled after each failure up to this many times. */
const BACKGROUND_PAUSE = 10;
const MAX_DOUBLINGS = 4;
/** Seconds for which a definite refusal is remembered. */
export const REFUSAL_HOLDS = 60;
/** Seconds without a problem after which the same cause counts as a new one. */
const SAME_CAUSE = 300;

/** The service, or a proxy before it, may be able to answer a little later. */
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];
/** A redirect, or a proxy or a network that wants a sign-in of its own. */
const INTERCEPTED_STATUS = [301, 302, 303, 307, 308, 407, 511];

/** Refusals of an Entra token that is too old in itself. */
const TOO_OLD = ["expired", "token_too_old"];
/** Refusals that a fresh one could change: it may be newer, list other groups, or be signed with another key. */
export const FRESH_TOKEN_MAY_HELP = [
  ...TOO_OLD,
  "no_catalogue",
  "groups_overage",
  "groups_in_roles",
  "scope_missing",
  "scope_not_allowed",
  "unknown_key",
];

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

/** Problems of one catalogue; the others are the same cause for all of them. */
const OF_CATALOGUE = ["catalogue_not_granted", "no_data", "no_image", "outside_server"];

// What the Web App has set stays.
Object.assign(sentences, { ...forPerson, ...sentences });

/** Returns the problem that an answer of the service means, or of something in its place. */
export async function answerProblem(response) {
  const { ok, status, headers } = response;
  const text = await response.text();
  const { error, reason, error_description: description } = parsed(text);
  const isPage = /html/.test(headers.get("Content-Type")) || /^\s*</.test(text);
  const isForeign = isIntercepted(response) || (isPage && !TRANSIENT_STATUS.includes(status));
  return new PoziError(isForeign ? "network_answers" : (!ok && reason) || "bad_answer", {
    error,
    description,
    status,
    retryAfter: secondsUntil(headers.get("Retry-After"), headers.get("Date")),
  });
}

/**
 * Decides what follows an answer of the data's server that is not ok, or an error in its place. Returns true if the request is worth repeating, after a 401
 * that another session may change; a session just renewed that is not accepted either is told. Throws if there is no
 * answer, or if something on the way gave it.
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

/**
 * Decides what follows a failed `attempt`: waits and returns the next one, or remembers the refusal and throws it.
 * An attempt is { count, age, forceRefresh, token, refused }; `refused` is the attempt before a fresh token was asked for.
 */
export async function nextAttempt(thrown, attempt, service, signal) {
  const { count, age, forceRefresh, token, refused } = attempt;
  const error = thrown instanceof PoziError ? thrown : new PoziError("network", { cause: thrown });
  if (service.refusal?.error === error) throw error;
  const next = { ...attempt, token: undefined, count: count + 1 };
  if (isTransient(error)) {
    const seconds = error.retryAfter ?? 2 ** count;
    if (count === MAX_RETRIES || seconds > MAX_PAUSE || age() >= MAX_SECONDS) {
      if (error.retryAfter) service.refusal = refusal(error, error.retryAfter);
      throw error;
    }
    await pause(seconds + Math.random(), signal);
    return next;
  }
  if (FRESH_TOKEN_MAY_HELP.includes(error.reason) && !forceRefresh) {
    return { ...next, forceRefresh: true, refused: { error, token } };
  }
  // If Entra has no fresh token, the refusal of the old one stands, unless that was only too old.
  const isFirst = refused && !token && !TOO_OLD.includes(refused.error.reason);
  const last = isFirst ? refused : { error, token };
  // What `entraToken` threw is remembered by itself.
  if (last.token) service.refusal = refusal(last.error, REFUSAL_HOLDS, last.token, service.refusal);
  throw last.error;
}

/** Returns the members of a JSON object; none if `text` is something else. */
function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const isTransient = ({ reason, status, retryAfter }) =>
  retryAfter !== undefined || TRANSIENT_STATUS.includes(status) || reason === "network" || reason === "timeout";

/** Waits for `seconds`, or until the browser says that the network is back. Rejects with the signal's reason. */
async function pause(seconds, signal) {
  const over = new AbortController();
  let timer;
  const end = new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
    onWindowEvent("online", resolve, over.signal);
  });
  await abortable(end, signal).finally(() => {
    clearTimeout(timer);
    over.abort();
  });
}

/**
 * Plans the next attempt in the background, { seconds, age, canHurry }. There is none after a definite refusal without a valid
 * session: then the next caller asks again.
 */
export function planAfter(error, service, due, isValid) {
  // An error that is remembered has been planned for.
  if (error === service.lastError && due?.age() < due?.seconds) return due;
  service.lastError = error;
  const failures = service.failures++;
  const age = stopwatch();
  const spread = 1 + 2 * Math.random();
  if (isTransient(error)) {
    const pause = BACKGROUND_PAUSE * 2 ** Math.min(failures, MAX_DOUBLINGS) * spread;
    return { seconds: (error.retryAfter ?? 0) + pause, age, canHurry: !error.retryAfter };
  }
  return isValid ? { seconds: REFUSAL_HOLDS + BACKGROUND_PAUSE * spread, age } : undefined;
}

/** Calls `onProblem` unless the cause is known. `met` says how long ago each cause was last met. */
export function tell({ met, onProblem, server, ended }, error, where) {
  if (ended.aborted) return;
  Object.assign(error, { ...where, ...error });
  if (URL.canParse(error.url, server)) error.url = new URL(error.url, server).href;
  const { reason, status, catalogue } = error;
  const cause = [reason, status, OF_CATALOGUE.includes(reason) && catalogue].join();
  const isKnown = met.get(cause)?.() < SAME_CAUSE;
  met.set(cause, stopwatch());
  // Not within the caller, which an error of the Web App must not stop.
  if (!isKnown) queueMicrotask(() => onProblem?.(error));
}
