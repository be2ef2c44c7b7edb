// Pozi sessions in a browser: trades the Entra access token for a session, holds it in memory alone, renews it before it
// ends, and sends it to the site's own server and nowhere else. What everything takes and returns: pozi-session.d.ts.

const URN = "urn:ietf:params:oauth:";

/** Why there is no session, or why nothing was sent. */
export class PoziError extends Error {
  constructor(reason, more = {}) {
    super(more.description ?? reason, more);
    Object.assign(this, more, { name: "PoziError", reason });
  }
}

/** Opens a session that nobody but its holder can look into. */
export function createSession(options) {
  // Constants stand in functions, where the minifier leaves no trace of them.
  /** For how long one answer of the service is waited for, in milliseconds. */
  const ATTEMPT = 10_000;
  /** How often an exchange is tried again. */
  const RETRIES = 3;
  /** So long before its end a session is not used any more, in seconds. */
  const MARGIN = 5;
  /** A timer that was set before the machine slept is late: so one looks this often at least, in milliseconds. */
  const LOOK = 30_000;
  const { scope, onProblem } = options;
  const endpoint = `${folder(options.service)}oauth2/token`;
  const server = folder(options.server);
  const over = new AbortController();
  const ended = any(over.signal, options.signal);
  /** The session in force: { token, scope, life, age, due }, times in seconds. */
  let held;
  /** The exchange that is under way: { stop, users, done }. */
  let running;
  let timer;

  /** A session that is good now. */
  async function current(signal) {
    stopIf(ended, signal);
    if (!isGood()) return exchanged(signal);
    look();
    return held;
  }

  // Not to the last moment: the request still has to travel.
  const isGood = () => held?.age() < held?.life - MARGIN;

  /** Waits for the one exchange under way, which is given up when nobody waits for it any more. */
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
      } catch (problem) {
        stopIf(signal);
        const isStale = problem.reason === "expired" && !forceRefresh;
        const pause = isStale ? 1 : count < RETRIES && pauseAfter(problem, count);
        if (!pause) throw problem;
        forceRefresh ||= isStale;
        await abortable(new Promise((resolve) => setTimeout(resolve, pause)), signal);
      }
    }
  }

  const subjectToken = (forceRefresh, signal) =>
    abortable((async () => options.entraToken({ forceRefresh, signal }))(), signal);

  /** One request (RFC 8693 §2.1), simple in the sense of CORS: no preflight. */
  async function ask(subject_token, signal) {
    const body = new URLSearchParams({
      grant_type: `${URN}grant-type:token-exchange`,
      subject_token_type: `${URN}token-type:access_token`,
      subject_token,
      ...(scope && { scope }),
    });
    const limit = AbortSignal.timeout(ATTEMPT);
    // Before the request, since the session's time begins somewhere on its way.
    const age = stopwatch();
    const request = { method: "POST", body, credentials: "omit", redirect: "error", signal: any(signal, limit) };
    let response;
    let answer = {};
    try {
      response = await fetch(endpoint, request);
      // An object in any case: what a broken proxy sends is none.
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
    // Due not all at one moment, who all began at one.
    held = { token, scope: granted.split(" "), life, age, due: life * (0.7 + 0.15 * Math.random()) };
    look();
    options.onRenewed?.(info());
    // Whoever was told may have ended it.
    stopIf(signal);
    return held;
  }

  /** Renews in the background when the time has come, and sees to it that somebody looks again. */
  function look() {
    clearTimeout(timer);
    const seen = held;
    if (!seen) return;
    const wait = (seen.due - seen.age()) * 1000;
    if (wait <= 0 && !running) exchanged().catch((problem) => failed(seen, problem));
    timer = setTimeout(look, Math.min(Math.max(wait, 1000), LOOK));
    // A program other than a browser ends when it has nothing else to do.
    timer.unref?.();
  }

  function failed(seen, problem) {
    if (ended.aborted) return;
    seen.due = seen.age() + (problem.retryAfter ?? 0) + 10 + 20 * Math.random();
    // Who must sign in again is not asked for it on and on: from now on the next call tries.
    if (!isGood()) held = undefined;
    onProblem?.(problem);
  }

  const info = () =>
    held && { scope: [...held.scope], expiresIn: Math.max(0, held.life - held.age()) };

  function catalogue(id, { signal: outer } = {}) {
    async function fetchOwn(input, init = {}) {
      // Of a Request: whatever `init` does not say.
      const url = within(server, input.url ?? input);
      const signal = any(ended, outer, init.signal ?? input.signal);
      // What was streamed is spent.
      for (let isLast = init.body?.getReader ?? input.body; ; isLast = true) {
        const used = await current(signal);
        // Whoever may write has `:read` as well, but may have asked for less.
        if (!used.scope.some((word) => word.startsWith(`${id}:`))) throw new PoziError("catalogue_not_granted");
        const headers = new Headers(init.headers ?? input.headers);
        headers.set("X-Pozi-Session", used.token);
        if (options.withEntraToken) headers.set("Authorization", `Bearer ${await subjectToken(false, signal)}`);
        // A browser takes this header along to wherever a redirect leads: to a login page of somebody else, say.
        const response = await fetch(input.url ? input : url, { ...init, headers, signal, redirect: "error" });
        if (response.status !== 401 || isLast) return response;
        // Another call may have renewed it meanwhile.
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
      } catch (problem) {
        // Which fails, and so tells whoever waits for the image.
        image.src = "data:,";
        if (!any(ended, outer).aborted) onProblem?.(problem);
      }
    }

    return { fetch: fetchOwn, loadTile };
  }

  // Timers stand still in a sleeping machine, and are slow in a hidden tab.
  globalThis.addEventListener?.("visibilitychange", look, { signal: ended });
  ended.onabort = () => {
    held = undefined;
    look();
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

/** The URL, if it is the server's: a session that goes elsewhere is lost. */
function within(server, input) {
  const url = new URL(input, server);
  // An encoded slash can climb out of the folder where a server decodes it before it looks.
  if (!url.href.startsWith(server) || /%2f|%5c/i.test(url.pathname)) throw new PoziError("outside_server");
  return url;
}

/** In milliseconds; nothing when trying again helps nobody. */
function pauseAfter({ reason, status, retryAfter }, count) {
  /** Longer than this nobody is let wait, in seconds. */
  const LONGEST_PAUSE = 30;
  const isPassing = status === 503 || /network|timeout/.test(reason);
  const pause = retryAfter ?? 2 ** count;
  return isPassing && pause <= LONGEST_PAUSE && (pause + Math.random()) * 1000;
}

/** What `promise` comes to, or the signal's reason. */
const abortable = (promise, signal) =>
  new Promise((resolve, reject) => {
    const own = any(signal);
    own.onabort = () => reject(own.reason);
    if (own.aborted) own.onabort();
    // Or each call would stay with a signal that never aborts.
    promise.then(resolve, reject).finally(() => (own.onabort = null));
  });

const any = (...signals) => AbortSignal.any(signals.filter(Boolean));

const stopIf = (...signals) => any(...signals).throwIfAborted();

const isText = (value) => typeof value === "string" && value.trim();

/** Seconds from now on, by whichever clock sees more: one may stand still in a sleeping machine, the other may be set. */
function stopwatch() {
  const [steady, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - wall) / 1000;
}

/** The URL of a folder, over https except on this machine. */
function folder(text) {
  const url = `${text}`.replace(/\/*$/, "/");
  const isSafe = /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1])[:/])[^@?#\\\s]*$/.test(url);
  if (!isSafe) throw new PoziError("invalid_options");
  return new URL(url).href;
}
