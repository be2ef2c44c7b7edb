// Waiting that can be cancelled, and time that sleep and a changed clock cannot stop.

import { PoziError } from "./problems.js";

/** Returns a signal that aborts with the first of `signals`, of which some may be undefined. */
export const anySignal = (...signals) => AbortSignal.any(signals.filter(Boolean));

/** Throws the reason of the first of `signals` that has aborted. */
export const stopIf = (...signals) => anySignal(...signals).throwIfAborted();

/** Settles as `promise` does, or rejects with the signal's reason. */
export const abortable = (promise, signal) =>
  new Promise((resolve, reject) => {
    const own = anySignal(signal);
    own.onabort = () => reject(own.reason);
    if (own.aborted) own.onabort();
    // Otherwise a signal that never aborts would keep a reference to every call.
    promise.then(resolve, reject).finally(() => (own.onabort = null));
  });

/** Settles as `act(signal)` does, or rejects with `timeout` after `seconds`, or with the signal's reason. */
export async function within(seconds, signal, act) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new PoziError("timeout")), seconds * 1000);
  const both = anySignal(signal, late.signal);
  return abortable(act(both), both).finally(() => clearTimeout(timer));
}

/** Calls `act` at each event of the window, until `signal` aborts. Outside a browser there are none. */
export const onWindowEvent = (name, act, signal) => globalThis.addEventListener?.(name, act, { signal });

/** Counts seconds by whichever clock advanced more: one may stop while the machine sleeps, the other may be changed. */
export function stopwatch() {
  const [steady, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - wall) / 1000;
}
