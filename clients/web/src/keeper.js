// Keeps the current session: exchanges once for all callers, renews in the background, and tries again after an outage.

import { exchange } from "./exchange.js";
import { troubles } from "./problems.js";
import { abortable, anySignal, onWindowEvent, stopIf, stopwatch } from "./waiting.js";

/** Seconds before its expiry from which a session is no longer used: the request still has to travel. */
const EXPIRY_MARGIN = 5;
/** The part of its life after which a session is renewed, and what is added at random: not all at the same moment. */
const RENEW_AFTER = 0.7;
const RENEW_SPREAD = 0.15;
/** Milliseconds between checks: a timer that was set before the machine slept fires late. */
const MIN_CHECK_INTERVAL = 1_000;
const MAX_CHECK_INTERVAL = 30_000;

/** Returns the keeper of one session of `service`, until its signal `ended` aborts. */
export function keeper(service) {
  const { ended } = service;
  /** The current session: { token, scope, life, age }, times in seconds. */
  let held;
  /** The exchange in progress: { stop, users, isFresh, done }. */
  let running;
  /** When to exchange in the background: { seconds, age }, and whether the network's return changes that: `canHurry`. */
  let due;
  let timer;

  const isValid = () => held?.age() < held?.life - EXPIRY_MARGIN;

  const info = () => held && { scope: [...held.scope], expiresIn: Math.max(0, held.life - held.age()) };

  /** Returns a session that is valid now. */
  async function current(signal) {
    stopIf(ended, signal);
    if (!isValid()) return exchanged(signal);
    schedule();
    return held;
  }

  /** Joins or starts the one exchange in progress, which is cancelled when its last caller stops waiting. */
  async function exchanged(signal, isFresh = false) {
    stopIf(ended, signal);
    // Who wants a fresh Entra token cannot join an exchange of an older one.
    if (!running || (isFresh && !running.isFresh)) running = start(isFresh);
    const own = running;
    own.users++;
    try {
      return await abortable(own.done, signal);
    } finally {
      if (!--own.users) {
        if (running === own) running = undefined;
        own.stop.abort();
      }
    }
  }

  function start(isFresh) {
    const own = { stop: new AbortController(), users: 0, isFresh };
    const signal = anySignal(own.stop.signal, ended);
    own.done = exchange(service, isFresh, signal).then(
      (session) => {
        stopIf(signal);
        // An exchange that began later has the newer groups.
        return own === running ? hold(session, signal) : session;
      },
      async (error) => {
        if (own === running && !signal.aborted) await failed(error);
        throw error;
      },
    );
    return own;
  }

  function hold(session, signal) {
    const recovered = service.failures > 0;
    held = session;
    service.failures = 0;
    service.refusal = service.noToken = undefined;
    service.met.clear();
    due = { seconds: session.life * (RENEW_AFTER + RENEW_SPREAD * Math.random()), age: session.age };
    schedule();
    service.onRenewed?.({ ...info(), recovered });
    // The callback may have ended the session.
    stopIf(signal);
    return session;
  }

  async function failed(error) {
    const { planAfter } = await troubles();
    due = planAfter(error, service, due, isValid());
    if (!isValid()) held = undefined;
    schedule();
  }

  /** Exchanges in the background if that is due, and sets a timer for the next check. */
  function schedule() {
    clearTimeout(timer);
    if (ended.aborted) held = due = undefined;
    if (!due) return;
    const wait = (due.seconds - due.age()) * 1000;
    if (wait <= 0 && !running) exchanged().catch(tell);
    timer = setTimeout(schedule, Math.min(Math.max(wait, MIN_CHECK_INTERVAL), MAX_CHECK_INTERVAL));
    // Outside a browser, the timer must not keep the process alive.
    timer.unref?.();
  }

  /** The network is back. */
  function recover() {
    if (due?.canHurry) due.seconds = 0;
    schedule();
  }

  const tell = (error, where) =>
    troubles().then(
      (loaded) => loaded.tell(service, error, where),
      () => service.onProblem?.(error),
    );

  // Timers stop while the machine sleeps, and are slow in a hidden tab.
  onWindowEvent("visibilitychange", schedule, ended);
  onWindowEvent("online", recover, ended);
  ended.addEventListener("abort", schedule);

  return {
    current,
    exchanged,
    info,
    tell,
    isHeld: (session) => session === held,
    async renew({ fresh, signal } = {}) {
      service.refusal = service.noToken = undefined;
      await exchanged(signal, fresh);
      return info();
    },
  };
}
