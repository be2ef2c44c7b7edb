// MSAL.js: the Entra token, one interaction at a time, and the end of the session in all tabs.

import { PoziError } from "./problems.js";
import { onWindowEvent } from "./waiting.js";

/** The name of the channel between the tabs of a Web App, followed by the account. */
const CHANNEL = "pozi-session:";
/** MSAL's events that a person signs out, in this tab or another. */
const SIGNING_OUT = ["msal:logoutStart", "msal:logoutSuccess"];
/** MSAL's codes of a page that may not leave because it is in a frame, and of a browser that did not open a window. */
const FRAMED = "redirect_in_iframe";
const POPUP_BLOCKED = ["popup_window_error", "empty_window_error", "block_nested_popups"];

/** The interaction in progress of each MSAL client, which can have only one. */
const interactions = new WeakMap();

/**
 * Returns { entraToken, signal, signIn }: the first two are options of createSession(). `msal` is a PublicClientApplication,
 * `account` that of the person. `signal` aborts when the person signs out, in any tab.
 */
export function msalTokens(msal, { scopes, account }) {
  const request = { scopes, account };
  return {
    entraToken: async ({ forceRefresh, scopes = request.scopes }) =>
      (await msal.acquireTokenSilent({ ...request, scopes, forceRefresh })).accessToken,
    signal: signOutSignal(msal, account),
    signIn() {
      const running = interactions.get(msal) ?? interact(msal, request).finally(() => interactions.delete(msal));
      interactions.set(msal, running);
      return running;
    },
  };
}

/** Leaves the page to sign in; in a frame, which Entra ID does not allow, opens a window instead. */
async function interact(msal, request) {
  try {
    await msal.acquireTokenRedirect(request);
    // The browser is leaving. The page only goes on if the person comes back without signing in.
    await new Promise((resolve) => onWindowEvent("pageshow", resolve));
  } catch (error) {
    if (error?.errorCode !== FRAMED) throw failed(error);
    await msal.acquireTokenPopup(request).catch((cause) => {
      throw failed(cause);
    });
  }
}

const failed = (cause) => new PoziError(POPUP_BLOCKED.includes(cause?.errorCode) ? "popup_blocked" : "sign_in_failed", { cause });

/** Returns a signal that aborts when the person signs out in this tab, or in another one, which tells this one. */
function signOutSignal(msal, { homeAccountId }) {
  const signedOut = new AbortController();
  const { signal } = signedOut;
  const channel = new BroadcastChannel(CHANNEL + homeAccountId);
  // Outside a browser, it must not keep the process alive.
  channel.unref?.();
  const end = () => signedOut.abort(new PoziError("signed_out"));
  channel.onmessage = end;
  const callback = msal.addEventCallback(({ eventType, payload }) => {
    const isOther = payload?.account && payload.account.homeAccountId !== homeAccountId;
    if (!SIGNING_OUT.includes(eventType) || isOther || signal.aborted) return;
    channel.postMessage(eventType);
    end();
  });
  signal.addEventListener("abort", () => {
    channel.close();
    msal.removeEventCallback(callback);
  });
  return signal;
}
