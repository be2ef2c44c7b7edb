// Puts whatever went wrong into words: Entra's errors, MSAL's, the exchange's refusals, and no answer at all.

/** What Entra said when it refused: `code` is like AADSTS50011. */
export class EntraError extends Error {
  constructor(error, description) {
    super(description || error);
    this.name = "EntraError";
    this.error = error;
  }
}

/** Number and sentence. Trace ids and a timestamp may follow, which only Entra's support reads. */
const AADSTS = /(AADSTS\d+): ?(.*?)(?= Trace ID:| - Correlation ID:|[\r\n]|$)/;

const ENTRA_HINTS = {
  AADSTS50058:
    "Nobody is signed in at the tenant in this browser, or the browser keeps the tenant's cookie from hidden frames, as many do with cookies of third parties. Sign in by redirect or in a window.",
};

const MSAL_HINTS = {
  popup_window_error: "The browser did not open a window. Allow popups for this page, or sign in by redirect.",
  empty_window_error: "The browser did not open a window. Allow popups for this page, or sign in by redirect.",
  user_cancelled: "The window was closed before the sign-in came back. If Entra showed an error there, it is told in the window alone.",
  login_required: "Nobody is signed in at the tenant in this browser. Sign in by redirect or popup first.",
  interaction_required: "The tenant wants to see the person. Sign in by redirect or popup.",
  timed_out: "No answer came back. The hidden frame may have been stopped by the browser, or the tenant showed an error in it.",
  interaction_in_progress: "Another sign-in of this tab has not ended. Load the page again.",
  endpoints_resolution_error: "The tenant's metadata could not be read. It may be down: see the levers.",
  no_network_connectivity: "This machine has no network, the browser says.",
};

/**
 * { title, code, reason, text, hint }: what to show of `error`. `mistakes` are those of config.json, which know what an
 * AADSTS code means.
 */
export function problemOf(error, mistakes = []) {
  const words = String(error?.errorMessage || error?.message || error);
  const [, code, text] = AADSTS.exec(words) ?? [];
  if (code) {
    const known = mistakes.find((mistake) => mistake.code === code);
    return { title: "Entra refused", code, text, hint: known?.what ?? ENTRA_HINTS[code] };
  }
  if (error?.reason) {
    return { title: "The exchange refused", code: error.error, reason: error.reason, text: error.description ?? words };
  }
  if (error?.errorCode) {
    return { title: "The sign-in failed", code: error.errorCode, text: msalWords(words), hint: MSAL_HINTS[error.errorCode] };
  }
  if (error instanceof EntraError) {
    return { title: "Entra refused", code: error.error, text: firstLine(words), hint: MSAL_HINTS[error.error] };
  }
  if (error instanceof TypeError) {
    return { title: "No answer", text: "The request did not get through. The service may have stopped, or the network is away." };
  }
  return { title: "It failed", text: firstLine(words) };
}

/** One sentence of it, for the journal. */
export function sentenceOf(problem) {
  return [problem.title, [problem.code, problem.reason].filter(Boolean).join(", "), problem.text]
    .filter(Boolean)
    .join(": ");
}

function firstLine(words) {
  return words.split(/\r?\n/)[0];
}

/** MSAL's own errors are only addresses of its documentation. */
function msalWords(words) {
  return words.startsWith("See https:") ? undefined : firstLine(words);
}
