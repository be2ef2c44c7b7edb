// Signs in with MSAL.js as the Web App does. Its tokens are kept in memory alone.

/** Where MSAL keeps that a sign-in is under way; its redirect has no option to begin anew. */
const BUSY = "msal.interaction.status";
const TROUBLE_LOADING = "MSAL.js did not load. Run `make run` again, with npm installed.";

/** Whether this browser reaches the tenant over https at all: it may not trust the certificate, or nobody is there. */
export async function reaches(config, site) {
  try {
    const address = `${config.authority}/${site.tenant}/v2.0/.well-known/openid-configuration`;
    await fetch(address, { mode: "no-cors", signal: AbortSignal.timeout(1500) });
    return true;
  } catch (error) {
    // A slow tenant is there all the same.
    return error.name === "TimeoutError";
  }
}

/** Begins to load MSAL: a window has to open soon after the click. */
export function preload() {
  library().catch(() => {});
}

/** MSAL for a site: { redirect, popup, silent, comeBack }. The last three give a login (or undefined: comeBack). */
export async function msalFor(config, site) {
  const msal = await library();
  const stays = await client(msal, config, site, "memoryStorage");
  const leaves = () => leaving(msal, config, site);
  const request = (person) => ({ scopes: [site.scope], loginHint: person.address });
  // Somebody may have closed the window of an earlier try, of which MSAL hears nothing.
  const anew = { overrideInteractionInProgress: true };
  return {
    redirect: async (person) => {
      sessionStorage.removeItem(BUSY);
      await (await leaves()).loginRedirect(request(person));
    },
    popup: async (person) => login(stays, await stays.loginPopup({ ...request(person), ...anew }), leaves, "msal-popup", site),
    silent: async (person) => login(stays, await stays.ssoSilent(request(person)), leaves, "msal-silent", site),
    comeBack: async () => {
      const result = await stays.handleRedirectPromise();
      return result ? login(stays, result, leaves, "msal-redirect", site) : undefined;
    },
  };
}

/**
 * MSAL refuses to go away by redirect where it keeps everything in memory. So one client goes, which has no token yet
 * and keeps only what it asked; the one in memory takes the answer.
 */
function leaving(msal, config, site) {
  return client(msal, config, site, "sessionStorage");
}

async function client(msal, config, site, cacheLocation) {
  const authority = new URL(config.authority);
  // MSAL knows Microsoft's own host; of any other it must be told, port included.
  const isMicrosofts = authority.host === "login.microsoftonline.com";
  const made = new msal.PublicClientApplication({
    auth: {
      clientId: site.clientId,
      authority: `${config.authority}/${site.tenant}`,
      knownAuthorities: isMicrosofts ? [] : [authority.host],
      redirectUri: `${location.origin}/redirect.html`,
      postLogoutRedirectUri: `${location.origin}/`,
    },
    cache: { cacheLocation },
  });
  await made.initialize();
  return made;
}

/** { name, address, site, way, token, signOut } of a sign-in: `token({ forceRefresh })` is an Entra token that is good now. */
function login(stays, result, leaves, way, site) {
  const { account } = result;
  const token = async ({ forceRefresh = false } = {}) =>
    (await stays.acquireTokenSilent({ scopes: [site.scope], account, forceRefresh })).accessToken;
  const signOut = async () => (await leaves()).logoutRedirect({ account });
  return { name: account.name ?? account.username, address: account.username, site, way, token, signOut };
}

/** MSAL's file for browsers is no module; imported all the same, it leaves `msal` behind. */
async function library() {
  try {
    await import("/msal/msal-browser.min.js");
  } catch {
    throw new Error(TROUBLE_LOADING);
  }
  return globalThis.msal;
}
