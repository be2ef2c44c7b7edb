// Signs in without a library: the authorization code flow with PKCE, by redirect. What has to outlive the redirect is
// kept in this tab until the return, and is worth nothing after it.

import { decode } from "./jwt.js";
import { EntraError } from "./problems.js";

const KEPT = "pozi-plain-sign-in";
/** A token that ends sooner than this is replaced first: it could end on its way. */
const TOO_SOON_SECONDS = 5;

/** Goes to the tenant's sign-in page; never returns in earnest. */
export async function leave(config, site, person) {
  const [verifier, state, nonce] = [random(), random(), random()];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, nonce, site: site.name }));
  const query = new URLSearchParams({
    client_id: site.clientId,
    response_type: "code",
    response_mode: "fragment",
    redirect_uri: comingBackTo(),
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
 * What the tenant answered, if this page was opened by its redirect: { answer, kept }. It is taken out of the address
 * and out of storage at once, so that it stands in no history and is used once.
 */
export function takeAnswer() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  const answer = new URLSearchParams(location.hash.slice(1));
  if (!answer.has("code") && !answer.has("error")) return undefined;
  history.replaceState(null, "", location.pathname);
  return { answer, kept };
}

/** The sign-in that `taken` answers, for config.json's site. Throws an EntraError, or an Error where it is not ours. */
export async function comeBack(config, { answer, kept }) {
  if (!kept || answer.get("state") !== kept.state) {
    throw new Error("An answer came back that this tab did not ask for (its state is another). It was thrown away.");
  }
  if (answer.has("error")) throw new EntraError(answer.get("error"), answer.get("error_description"));
  const site = config.sites.find(({ name }) => name === kept.site);
  const redeem = { grant_type: "authorization_code", code: answer.get("code"), code_verifier: kept.verifier, redirect_uri: comingBackTo() };
  const tokens = await tokensFor(config, site, redeem);
  const { nonce, name } = decode(tokens.id_token).claims;
  if (nonce !== kept.nonce) throw new Error("The ID token answers another sign-in (its nonce is another).");
  return login(config, site, name, tokens);
}

/** { name, site, way, token, signOut } as sign-in-msal.js has it. The tokens stay in here. */
function login(config, site, name, first) {
  let tokens = first;
  const token = async ({ forceRefresh = false, signal } = {}) => {
    const left = decode(tokens.access_token).claims.exp - Date.now() / 1000;
    if (forceRefresh || left < TOO_SOON_SECONDS) {
      const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token };
      tokens = { ...tokens, ...(await tokensFor(config, site, refresh, signal)) };
    }
    return tokens.access_token;
  };
  const signOut = () => {
    const query = new URLSearchParams({ post_logout_redirect_uri: comingBackTo() });
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

function comingBackTo() {
  return `${location.origin}/`;
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
