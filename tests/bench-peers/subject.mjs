// What both peers do with a subject token: verify it against the tenant's keys and the site's expectations, decide which
// catalogues its person's groups open, and say what the session is. All that does not depend on the request is prepared once.

import { importJWK, jwtVerify } from 'jose';

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** The settings: `port`, `issuer`, `keys` (the URL of the tenant's key set), `site` (a site file) and `revision`. */
export const settings = JSON.parse(process.env.PEER_SETTINGS);

const { site } = settings;
const tenant = site.tenant_id;
const uri = site.external_url.replace(/\/$/, '');
const expected = {
    algorithms: ['RS256'],
    issuer: [`https://sts.windows.net/${tenant}/`, `https://login.microsoftonline.com/${tenant}/v2.0`],
    audience: [uri, `${uri}/`, site.client_id, `spn:${site.client_id}`],
    requiredClaims: ['exp', 'nbf', 'iat', 'oid', 'tid', 'scp'],
    maxTokenAge: '2h',
};
const life = site.session_minutes * 60;
const keys = await fetchKeys();
const scopesOfGroups = scopesByGroup();

/** Why a token is not exchanged; `error` is the code of OAuth. */
export class Refusal extends Error {
    constructor(error, description) {
        super(description);
        this.error = error;
    }
}

/**
 * Verifies `token` and decides. Returns the session's `sub`, `client_id`, `tid`, `scope`, and its life in seconds. Throws a
 * [Refusal].
 */
export async function exchange(token) {
    const claims = await verified(token);
    const scope = decided(claims.groups);
    const remaining = claims.exp - Math.floor(Date.now() / 1000);
    return {
        sub: `${claims.tid}.${claims.oid}`,
        client_id: site.client_id,
        tid: claims.tid,
        scope,
        expires_in: Math.min(life, remaining),
    };
}

async function verified(token) {
    let claims;
    try {
        ({ payload: claims } = await jwtVerify(token, keyOf, expected));
    } catch (cause) {
        throw new Refusal('invalid_request', cause.message);
    }
    const client = claims.ver === '2.0' ? claims.azp : claims.appid;
    if (claims.tid !== tenant) throw new Refusal('invalid_request', 'the token is of another tenant');
    if (client !== site.client_id) throw new Refusal('invalid_request', 'the client is not allowed');
    if (claims.idtyp === 'app') throw new Refusal('invalid_request', 'the token is of no person');
    if (!claims.scp.split(' ').includes('user_impersonation')) {
        throw new Refusal('invalid_request', 'the token lacks the scope');
    }
    if (!Array.isArray(claims.groups)) throw new Refusal('invalid_request', 'the token lists no groups');
    return claims;
}

function decided(groups) {
    const scopes = new Set();
    for (const group of groups) {
        for (const scope of scopesOfGroups.get(group) ?? []) scopes.add(scope);
    }
    if (scopes.size === 0) throw new Refusal('access_denied', 'the person has access to no catalogue');
    return [...scopes].sort().join(' ');
}

function keyOf(header) {
    const key = keys.get(header.kid);
    if (key === undefined) throw new Refusal('invalid_request', 'the key is not known');
    return key;
}

/** Fetches the tenant's keys, once. Those of personal accounts are left out. */
async function fetchKeys() {
    const { keys } = await (await fetch(settings.keys)).json();
    const own = keys.filter((key) => key.issuer.includes('{tenantid}'));
    return new Map(await Promise.all(own.map(async (key) => [key.kid, await importJWK(key, 'RS256')])));
}

/** Returns the scopes that each group opens. Who may write may read. */
function scopesByGroup() {
    const scopes = new Map();
    const add = (group, scope) => scopes.set(group, [...(scopes.get(group) ?? []), scope]);
    for (const { id, read = [], write = [] } of site.catalogue) {
        for (const group of [...read, ...write]) add(group, `${id}:read`);
        for (const group of write) add(group, `${id}:write`);
    }
    return scopes;
}
