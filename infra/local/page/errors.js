// Describes errors for a person: those of Entra, of MSAL and of the exchange, and requests without a response.

/** An error response of Entra: `error` is its OAuth code, and the message may begin with AADSTS and a number. */
export class EntraError extends Error {
  constructor(error, description) {
    super(description || error);
    this.name = "EntraError";
    this.error = error;
  }
}

/** Number and sentence. Trace ids and a timestamp, which only Microsoft's support needs, may follow. */
const AADSTS = /(AADSTS\d+): ?(.*?)(?= Trace ID:| - Correlation ID:|[\r\n]|$)/;

/** Where in Entra the setting is, for codes that no simulated mistake explains. */
const ENTRA_SETTINGS = {
  AADSTS65004:
    "App registrations → Pozi Server → API permissions → Grant admin consent, so that no one is asked.",
  AADSTS700016:
    "App registrations → Pozi Server → Overview: the Application (client) ID must be the one in the site file.",
  AADSTS90002:
    "Overview of the tenant: the Directory (tenant) ID must be the one in the site file.",
};

const ENTRA_HINTS = {
  AADSTS50058:
    "No one is signed in to the tenant in this browser, or the browser blocks third-party cookies, which silent sign-in needs. Sign in by redirect or in a pop-up window.",
};

const NO_WINDOW = "The browser did not open a window. Allow pop-ups for this page, or sign in by redirect.";
const MSAL_HINTS = {
  popup_window_error: NO_WINDOW,
  empty_window_error: NO_WINDOW,
  user_cancelled: "The window was closed before the sign-in was complete. An error that Entra showed there does not reach this page.",
  login_required: "No one is signed in to the tenant in this browser. Sign in by redirect or in a pop-up window first.",
  interaction_required: "Entra needs the person to do something. Sign in by redirect or in a pop-up window.",
  timed_out: "Entra did not respond. The browser may have blocked the hidden frame, or Entra may have shown an error in it.",
  interaction_in_progress: "Another sign-in in this tab has not ended. Reload the page.",
  endpoints_resolution_error: "The tenant's metadata could not be read. Check under “Simulate faults” whether the emulated Entra is down.",
  no_network_connectivity: "The browser reports that this machine is offline.",
};

/** { title, code, reason, text, hint, setting }: what to show of `problem`. `mistakes`, of config.json, explain AADSTS codes. */
export function describe(problem, mistakes = []) {
  // The browser module's error has what MSAL or the browser threw as its cause.
  const error = problem?.cause ?? problem;
  const message = String(error?.errorMessage || error?.message || error);
  const [, code, text] = AADSTS.exec(message) ?? [];
  if (code) {
    const known = mistakes.find((mistake) => mistake.code === code);
    const [hint, setting] = [known?.what ?? ENTRA_HINTS[code], known?.setting ?? ENTRA_SETTINGS[code]];
    return { title: "Entra returned an error", code, text, hint, setting };
  }
  if (error?.reason) {
    const hint = error.detail && `For the operator: ${error.detail}`;
    return { title: "The exchange refused the token", code: error.error, reason: error.reason, text: error.description ?? message, hint };
  }
  if (error?.errorCode) {
    // The message of an error of MSAL's own is only a link to its documentation.
    const text = message.startsWith("See https:") ? undefined : firstLine(message);
    return { title: "The sign-in failed", code: error.errorCode, text, hint: MSAL_HINTS[error.errorCode] };
  }
  if (error instanceof EntraError) {
    return { title: "Entra returned an error", code: error.error, text: firstLine(message), hint: MSAL_HINTS[error.error] };
  }
  if (error instanceof TypeError) {
    return { title: "No response", text: "The request failed. The service may have stopped, or the network may be down." };
  }
  return { title: "Something went wrong", text: firstLine(message) };
}

/** A described error in one line, for the activity log. */
export function inOneLine({ title, code, reason, text, setting }) {
  const what = [title, [code, reason].filter(Boolean).join(", "), text].filter(Boolean).join(": ");
  return setting ? `${what} To correct it in Entra: ${setting}` : what;
}

function firstLine(text) {
  return text.split(/\r?\n/)[0];
}
