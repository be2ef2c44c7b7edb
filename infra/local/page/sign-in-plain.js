// Signs in without a library: the authorization code flow with PKCE, by redirect. What must outlive the redirect is stored
// for this tab until the return, and is useless after that.

import { decode } from "./jwt.js";
import { EntraError } from "./errors.js";

const STORED = "pozi-plain-sign-in";
/** A token with less time left is refreshed first: it could expire on its way. */
const MIN_SECONDS_LEFT = 5;

/** Leaves for the tenant's sign-in page. */
export async function leave(config, site, person) {
  const [verifier, state, nonce] = [random(), random(), random()];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(STORED, JSON.stringify({ verifier, state, nonce, site: site.name }));
  const query = new URLSearchParams({
    client_id: site.clientId,
    response_type: "code",
    response_mode: "fragment",
    redirect_uri: redirectUri(),
    scope: `openid profile offline_access ${site.scope}`,
    state,
    nonce,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  if (person.address) query.set("login_hint", person.address);
  location.assign(`${endpoints(config, site)}/authorize?${query}`);
}

/**
 * The tenant's response, if this page was opened by its redirect: { response, stored }. It is removed from the address
 * and from storage at once, so that it is in no history and is used once.
 */
export function takeResponse() {
  const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  sessionStorage.removeItem(STORED);
  const response = new URLSearchParams(location.hash.slice(1));
  if (!response.has("code") && !response.has("error")) return undefined;
  history.replaceState(null, "", location.pathname);
  return { response, stored };
}

/** The login that a taken response completes. Throws an EntraError, or an Error if this tab did not request it. */
export async function comeBack(config, { response, stored }) {
  if (!stored || response.get("state") !== stored.state) {
    throw new Error("This tab did not request the sign-in response that it received (the state does not match), so it was discarded. Sign in again.");
  }
  if (response.has("error")) throw new EntraError(response.get("error"), response.get("error_description"));
  const site = config.sites.find(({ name }) => name === stored.site);
  const redeem = { grant_type: "authorization_code", code: response.get("code"), code_verifier: stored.verifier, redirect_uri: redirectUri() };
  const tokens = await tokensFor(config, site, redeem);
  const { nonce, name } = decode(tokens.id_token).claims;
  if (nonce !== stored.nonce) throw new Error("The ID token belongs to another sign-in (the nonce does not match). Sign in again.");
  return login(config, site, name, tokens);
}

/** A login as in sign-in-msal.js: { name, site, way, token, signOut }. The tokens stay in this function. */
function login(config, site, name, first) {
  let tokens = first;
  const refreshed = (scopes, signal) => {
    const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token, ...(scopes && { scope: scopes.join(" ") }) };
    return tokensFor(config, site, refresh, signal);
  };
  const token = async ({ forceRefresh = false, scopes, signal } = {}) => {
    // One refresh token serves every resource. The new one is not needed: the old one stays valid.
    if (scopes) return (await refreshed(scopes, signal)).access_token;
    const left = decode(tokens.access_token).claims.exp - Date.now() / 1000;
    if (forceRefresh || left < MIN_SECONDS_LEFT) {
      tokens = { ...tokens, ...(await refreshed(undefined, signal)) };
    }
    return tokens.access_token;
  };
  const signOut = () => {
    const query = new URLSearchParams({ post_logout_redirect_uri: redirectUri() });
    location.assign(`${endpoints(config, site)}/logout?${query}`);
  };
  return { name, site, way: "plain", token, signOut };
}

async function tokensFor(config, site, grant, signal) {
  const body = new URLSearchParams({ client_id: site.clientId, scope: `openid profile offline_access ${site.scope}`, ...grant });
  const response = await fetch(`${endpoints(config, site)}/token`, { method: "POST", body, signal });
  const answer = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
  if (!response.ok) throw new EntraError(answer.error, answer.error_description);
  return answer;
}

function endpoints(config, site) {
  return `${config.plainLogin}/${site.tenant}/oauth2/v2.0`;
}

function redirectUri() {
  return `${location.origin}/`;
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
