// What follows a failed exchange: another attempt now, one in the background later, or none.

import { isTransient } from "./answers.js";
import { graphTokenMayHelp, graphTokens } from "./graph-token.js";
import { PoziError } from "./problems.js";
import { REFUSAL_HOLDS, refusal } from "./refusal.js";
import { abortable, onWindowEvent, stopwatch } from "./waiting.js";

/** Attempts after the first, and the seconds within which they begin. */
const MAX_RETRIES = 3;
const MAX_SECONDS = 60;
/** Seconds that a caller waits for a Retry-After; a longer one is told, and followed in the background. */
const MAX_PAUSE = 30;
/** Seconds between attempts in the background, at least; doubled after each failure up to this many times. */
const BACKGROUND_PAUSE = 10;
const MAX_DOUBLINGS = 4;
/** Refusals of an Entra token that is too old in itself. */
const TOO_OLD = ["expired", "token_too_old"];
/** Refusals that a fresh one could change: it may be newer, list other groups, or be signed with another key. */
export const FRESH_TOKEN_MAY_HELP = [
  ...TOO_OLD,
  "no_catalogue",
  "graph_token_refused",
  "groups_overage",
  "groups_in_roles",
  "scope_missing",
  "scope_not_allowed",
  "unknown_key",
];

/**
 * Decides what follows a failed `attempt`: waits and returns the next one, or remembers the refusal and throws it.
 * An attempt is { count, age, forceRefresh, token, refused, hasTriedGraph }; `refused` is the attempt before a fresh token was
 * asked for, and `hasTriedGraph` says whether a token for Microsoft Graph was.
 */
export async function nextAttempt(thrown, attempt, service, signal) {
  const { count = 0, age, forceRefresh, token, refused } = attempt;
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
  if (graphTokenMayHelp(error) && !attempt.hasTriedGraph) {
    service.more = graphTokens(service, error);
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
  const failures = service.failures ?? 0;
  service.failures = failures + 1;
  const age = stopwatch();
  const spread = 1 + 2 * Math.random();
  if (isTransient(error)) {
    const pause = BACKGROUND_PAUSE * 2 ** Math.min(failures, MAX_DOUBLINGS) * spread;
    return { seconds: (error.retryAfter ?? 0) + pause, age, canHurry: !error.retryAfter };
  }
  return isValid ? { seconds: REFUSAL_HOLDS + BACKGROUND_PAUSE * spread, age } : undefined;
}
