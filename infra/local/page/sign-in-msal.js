// Signs in with MSAL.js as the Web App does. Its tokens are kept in memory only.

/** Where MSAL notes that a sign-in is in progress. Its redirect has no option to override that. */
const IN_PROGRESS = "msal.interaction.status";

/** Whether this browser reaches the tenant over https: it may not trust the certificate, or the tenant may not run. */
export async function reaches(config, site) {
  try {
    const address = `${config.authority}/${site.tenant}/v2.0/.well-known/openid-configuration`;
    await fetch(address, { mode: "no-cors", signal: AbortSignal.timeout(1500) });
    return true;
  } catch (error) {
    // A slow tenant can be reached.
    return error.name === "TimeoutError";
  }
}

/** Starts to load MSAL: browsers only open a window soon after the click. */
export function preload() {
  library().catch(() => {});
}

/** MSAL for a site: { redirect, popup, silent, comeBack }. All but redirect return a login; comeBack perhaps undefined. */
export async function msalFor(config, site) {
  const msal = await library();
  const stays = await client(msal, config, site, "memoryStorage");
  const leaves = () => leaving(msal, config, site);
  const request = (person) => ({ scopes: [site.scope], loginHint: person.address });
  // MSAL does not notice that the window of an earlier attempt was closed.
  const override = { overrideInteractionInProgress: true };
  return {
    redirect: async (person) => {
      sessionStorage.removeItem(IN_PROGRESS);
      await (await leaves()).loginRedirect(request(person));
    },
    popup: async (person) => login(stays, await stays.loginPopup({ ...request(person), ...override }), leaves, "msal-popup", site),
    silent: async (person) => login(stays, await stays.ssoSilent(request(person)), leaves, "msal-silent", site),
    comeBack: async () => {
      const result = await stays.handleRedirectPromise();
      return result ? login(stays, result, leaves, "msal-redirect", site) : undefined;
    },
  };
}

/**
 * MSAL does not redirect with everything in memory. So one client, which has no token and stores only its request,
 * redirects, and the one in memory takes the response.
 */
function leaving(msal, config, site) {
  return client(msal, config, site, "sessionStorage");
}

async function client(msal, config, site, cacheLocation) {
  const authority = new URL(config.authority);
  // MSAL trusts Microsoft's own host; any other must be listed, with its port.
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

/** A login: { name, address, site, way, token, signOut }. `token({ forceRefresh, scopes })` returns a token that is valid now. */
function login(stays, result, leaves, way, site) {
  const { account } = result;
  const token = async ({ forceRefresh = false, scopes = [site.scope] } = {}) =>
    (await stays.acquireTokenSilent({ scopes, account, forceRefresh })).accessToken;
  const signOut = async () => (await leaves()).logoutRedirect({ account });
  return { name: account.name ?? account.username, address: account.username, site, way, token, signOut };
}

/** MSAL's browser file is not a module. Importing it sets the global `msal`. */
async function library() {
  try {
    await import("/msal/msal-browser.min.js");
  } catch {
    throw new Error("MSAL.js did not load. Install npm, then start `make run` again.");
  }
  return globalThis.msal;
}
