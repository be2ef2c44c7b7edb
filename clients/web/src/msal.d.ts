// The types of msal.js.

import type { AccountInfo, IPublicClientApplication } from "@azure/msal-browser";
import type { EntraTokenRequest } from "./index.js";

export interface MsalTokens {
  /** An option of createSession(): the token from `acquireTokenSilent`. */
  entraToken(request: EntraTokenRequest): Promise<string>;
  /** An option of createSession(): aborts when the person signs out, in this tab or another, with a PoziError `signed_out`. */
  signal: AbortSignal;
  /**
   * Asks the person to sign in: leaves the page, or opens a window if the page is in a frame. All callers share one interaction.
   * Rejects with a PoziError: `popup_blocked`, after which the page can offer to open itself in a new tab, or `sign_in_failed`.
   */
  signIn(): Promise<void>;
}

/** Returns what a session needs of `msal` for `account`, as a sign-in returned it. */
export function msalTokens(
  msal: IPublicClientApplication,
  request: { scopes: string[]; account: AccountInfo },
): MsalTokens;
