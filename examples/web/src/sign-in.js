// Signs people in with MSAL.js.

import { PublicClientApplication } from "@azure/msal-browser";

import { config } from "./config.js";

export const msal = new PublicClientApplication({
  auth: {
    clientId: config.clientId,
    authority: config.authority,
    // Needed for `make run` only: MSAL.js knows Microsoft's hosts.
    knownAuthorities: [new URL(config.authority).host],
    redirectUri: new URL("redirect.html", location.href).href,
    postLogoutRedirectUri: new URL("./", location.href).href,
  },
  // Survives a reload, and ends with the tab.
  cache: { cacheLocation: "sessionStorage" },
});

/** Returns the account that has signed in, or undefined. */
export async function findAccount() {
  await msal.initialize();
  const result = await msal.handleRedirectPromise();
  return result?.account ?? msal.getAllAccounts()[0];
}
