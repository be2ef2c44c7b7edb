// Pozi sessions in a browser: exchanges the Entra access token for a session, keeps it in memory only, renews it before it
// expires, and sends it only to the site's own server. pozi-session.d.ts documents the types.

const URN = "urn:ietf:params:oauth:";

/** Why there is no session, or why nothing was sent. */
export class PoziError extends Error {
  constructor(reason, more = {}) {
    super(more.description ?? reason, more);
    Object.assign(this, more, { name: "PoziError", reason });
  }
}

/** Opens a session; its token is reachable only through `token()`. */
export function createSession(options) {
  // Constants are inside functions so that the minifier can inline them.
  /** Milliseconds until a request to the service times out. */
  const ATTEMPT_TIMEOUT = 10_000;
  const MAX_RETRIES = 3;
  /** Seconds before its expiry from which a session is no longer used: the request still has to travel. */
  const EXPIRY_MARGIN = 5;
  /** Milliseconds between checks at most: a timer that was set before the machine slept fires late. */
  const MAX_CHECK_INTERVAL = 30_000;
  const { scope, onProblem } = options;
  const endpoint = `${folder(options.service)}oauth2/token`;
  const server = folder(options.server);
  const over = new AbortController();
  const ended = any(over.signal, options.signal);
  /** The current session: { token, scope, life, age, due }, times in seconds. */
  let held;
  /** The exchange in progress: { stop, users, done }. */
  let running;
  let timer;

  /** Returns a session that is valid now. */
  async function current(signal) {
    stopIf(ended, signal);
    if (!isValid()) return exchanged(signal);
    scheduleRenewal();
    return held;
  }

  const isValid = () => held?.age() < held?.life - EXPIRY_MARGIN;

  /** Joins or starts the one exchange in progress, which is cancelled when its last caller stops waiting. */
  async function exchanged(signal) {
    stopIf(ended, signal);
    const own = (running ??= exchange(new AbortController()));
    own.users++;
    try {
      return await abortable(own.done, signal);
    } finally {
      if (!--own.users) {
        running = undefined;
        own.stop.abort();
      }
    }
  }

  const exchange = (stop) => ({ stop, users: 0, done: attempts(any(stop.signal, ended)) });

  async function attempts(signal) {
    let forceRefresh = false;
    for (let count = 0; ; count++) {
      try {
        return await ask(await subjectToken(forceRefresh, signal), signal);
      } catch (error) {
        stopIf(signal);
        const isStale = ["expired", "token_too_old"].includes(error.reason) && !forceRefresh;
        const pause = isStale ? 1 : count < MAX_RETRIES && pauseAfter(error, count);
        if (!pause) throw error;
        forceRefresh ||= isStale;
        await abortable(new Promise((resolve) => setTimeout(resolve, pause)), signal);
      }
    }
  }

  const subjectToken = (forceRefresh, signal) =>
    abortable((async () => options.entraToken({ forceRefresh, signal }))(), signal);

  /** Sends one exchange request (RFC 8693 §2.1), which needs no CORS preflight. */
  async function ask(subject_token, signal) {
    const body = new URLSearchParams({
      grant_type: `${URN}grant-type:token-exchange`,
      subject_token_type: `${URN}token-type:access_token`,
      subject_token,
      ...(scope && { scope }),
    });
    const limit = AbortSignal.timeout(ATTEMPT_TIMEOUT);
    // Started before the request, since the session's lifetime begins at some moment during it.
    const age = stopwatch();
    const request = { method: "POST", body, credentials: "omit", redirect: "error", signal: any(signal, limit) };
    let response;
    let answer = {};
    try {
      response = await fetch(endpoint, request);
      // A broken proxy may send JSON that is not an object.
      answer = Object(await response.json());
    } catch (cause) {
      if (cause.name !== "SyntaxError") throw new PoziError(limit.aborted ? "timeout" : "network", { cause });
    }
    return hold(age, response, answer, signal);
  }

  function hold(age, { ok, status, headers }, answer, signal) {
    const { access_token: token, token_type, expires_in: life, scope: granted, error, reason } = answer;
    const isSession = isText(token) && isText(granted) && /^bearer$/i.test(token_type) && life > 0;
    if (!(ok && isSession)) {
      // In seconds (RFC 9110 §10.2.3); a date would need the server's clock.
      const retryAfter = +headers.get("Retry-After") || undefined;
      const description = answer.error_description;
      throw new PoziError((!ok && reason) || "bad_answer", { error, description, status, retryAfter });
    }
    stopIf(signal);
    // At random, so that sessions that began together are not all renewed together.
    held = { token, scope: granted.split(" "), life, age, due: life * (0.7 + 0.15 * Math.random()) };
    scheduleRenewal();
    options.onRenewed?.(info());
    // The callback may have ended the session.
    stopIf(signal);
    return held;
  }

  /** Renews in the background if the renewal is due, and sets a timer for the next check. */
  function scheduleRenewal() {
    clearTimeout(timer);
    const seen = held;
    if (!seen) return;
    const wait = (seen.due - seen.age()) * 1000;
    if (wait <= 0 && !running) exchanged().catch((error) => renewalFailed(seen, error));
    timer = setTimeout(scheduleRenewal, Math.min(Math.max(wait, 1000), MAX_CHECK_INTERVAL));
    // Outside a browser, the timer must not keep the process alive.
    timer.unref?.();
  }

  function renewalFailed(seen, error) {
    if (ended.aborted) return;
    seen.due = seen.age() + (error.retryAfter ?? 0) + 10 + 20 * Math.random();
    // Stops background renewals, for example when the person must sign in again; the next call tries again.
    if (!isValid()) held = undefined;
    onProblem?.(error);
  }

  const info = () =>
    held && { scope: [...held.scope], expiresIn: Math.max(0, held.life - held.age()) };

  function catalogue(id, { signal: outer } = {}) {
    async function fetchOwn(input, init = {}) {
      // `init` takes precedence over a Request, as in the browser's `fetch`.
      const url = within(server, input.url ?? input);
      const signal = any(ended, outer, init.signal ?? input.signal);
      // A streamed body cannot be sent again.
      for (let isLast = init.body?.getReader ?? input.body; ; isLast = true) {
        const used = await current(signal);
        // Any access will do: a writer has `:read` as well, unless the options' `scope` left it out.
        if (!used.scope.some((word) => word.startsWith(`${id}:`))) throw new PoziError("catalogue_not_granted");
        const headers = new Headers(init.headers ?? input.headers);
        headers.set("X-Pozi-Session", used.token);
        if (options.withEntraToken) headers.set("Authorization", `Bearer ${await subjectToken(false, signal)}`);
        // A browser sends this header along to the target of a redirect, such as another host's login page.
        const response = await fetch(input.url ? input : url, { ...init, headers, signal, redirect: "error" });
        if (response.status !== 401 || isLast) return response;
        // Another call may have renewed it in the meantime.
        if (held === used) await exchanged(signal);
      }
    }

    async function loadTile(tile, src) {
      const image = tile.getImage();
      try {
        const response = await fetchOwn(src);
        const isImage = response.ok && /^image\//.test(response.headers.get("Content-Type"));
        if (!isImage) throw new PoziError("no_image", { status: response.status });
        const url = URL.createObjectURL(await response.blob());
        image.onload = image.onerror = () => URL.revokeObjectURL(url);
        image.src = url;
      } catch (error) {
        // An invalid image, so that `onerror` fires.
        image.src = "data:,";
        if (!any(ended, outer).aborted) onProblem?.(error);
      }
    }

    return { fetch: fetchOwn, loadTile };
  }

  // Timers stop while the machine sleeps, and are slow in a hidden tab.
  globalThis.addEventListener?.("visibilitychange", scheduleRenewal, { signal: ended });
  ended.onabort = () => {
    held = undefined;
    scheduleRenewal();
  };

  return {
    token: async ({ signal } = {}) => (await current(signal)).token,
    renew: async ({ signal } = {}) => (await exchanged(signal), info()),
    get info() {
      return info();
    },
    narrow: (narrower) => createSession({ ...options, scope: narrower, signal: ended }),
    catalogue,
    end: () => over.abort(new PoziError("ended")),
  };
}

/** Returns `input` as a URL under `server`, the only place that a session may be sent to. */
function within(server, input) {
  const url = new URL(input, server);
  // A server that decodes slashes before it resolves `..` could be led out of the folder.
  if (!url.href.startsWith(server) || /%2f|%5c/i.test(url.pathname)) throw new PoziError("outside_server");
  return url;
}

/** Returns the milliseconds to wait before the next attempt, or a falsy value if another attempt is pointless. */
function pauseAfter({ reason, status, retryAfter }, count) {
  const MAX_PAUSE_SECONDS = 30;
  const isTransient = status === 503 || /network|timeout/.test(reason);
  const pause = retryAfter ?? 2 ** count;
  return isTransient && pause <= MAX_PAUSE_SECONDS && (pause + Math.random()) * 1000;
}

/** Settles as `promise` does, or rejects with the signal's reason. */
const abortable = (promise, signal) =>
  new Promise((resolve, reject) => {
    const own = any(signal);
    own.onabort = () => reject(own.reason);
    if (own.aborted) own.onabort();
    // Otherwise a signal that never aborts would keep a reference to every call.
    promise.then(resolve, reject).finally(() => (own.onabort = null));
  });

const any = (...signals) => AbortSignal.any(signals.filter(Boolean));

const stopIf = (...signals) => any(...signals).throwIfAborted();

const isText = (value) => typeof value === "string" && value.trim();

/** Counts seconds by whichever clock advanced more: one may stop while the machine sleeps, the other may be changed. */
function stopwatch() {
  const [steady, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - wall) / 1000;
}

/** Returns the URL `text` with a slash at its end. It must be https, except on this machine. */
function folder(text) {
  const url = `${text}`.replace(/\/*$/, "/");
  const isSafe = /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1])[:/])[^@?#\\\s]*$/.test(url);
  if (!isSafe) throw new PoziError("invalid_options");
  return new URL(url).href;
}
