// The exchange as a grant of oidc-provider, which issues the session as its access token: a JWT signed by ES256.

import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { ACCESS_TOKEN_TYPE, GRANT_TYPE, Refusal, exchange, settings } from './subject.mjs';

const { site } = settings;
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const claims = { tid: site.tenant_id, policy_revision: settings.revision };

/** Keeps what the provider stores in memory. JWTs are not stored, nor is the client, which is configured. */
class Memory {
    #stored = new Map();

    async upsert(id, payload, seconds) {
        this.#stored.set(id, payload);
        if (seconds) setTimeout(() => this.#stored.delete(id), seconds * 1000).unref();
    }

    async find(id) {
        return this.#stored.get(id);
    }

    async destroy(id) {
        this.#stored.delete(id);
    }
}

const provider = new Provider(settings.issuer, {
    adapter: Memory,
    clients: [
        {
            client_id: site.client_id,
            token_endpoint_auth_method: 'none',
            grant_types: [GRANT_TYPE],
            redirect_uris: [],
            response_types: [],
        },
    ],
    clientAuthMethods: ['none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'ES256' }] },
    routes: { token: '/oauth2/token', jwks: '/.well-known/jwks.json' },
    features: { devInteractions: { enabled: false } },
    extraTokenClaims: () => claims,
});

const server = new provider.ResourceServer(site.external_url, {
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
});

provider.registerGrantType(
    GRANT_TYPE,
    async (context) => {
        const { client, params } = context.oidc;
        if (!params.subject_token || params.subject_token_type !== ACCESS_TOKEN_TYPE) {
            throw new errors.InvalidRequest('a parameter is missing');
        }
        const session = await exchange(params.subject_token).catch(refuse);
        if (session.client_id !== client.clientId) throw new errors.InvalidGrant('the token is of another client');
        const token = new provider.AccessToken({
            client,
            accountId: session.sub,
            scope: session.scope,
            resourceServer: server,
            expiresIn: session.expires_in,
            gty: 'token_exchange',
        });
        context.oidc.entity('AccessToken', token);
        context.body = {
            access_token: await token.save(),
            issued_token_type: ACCESS_TOKEN_TYPE,
            token_type: token.tokenType,
            expires_in: token.expiration,
            scope: token.scope,
        };
    },
    ['subject_token', 'subject_token_type'],
);

provider.listen(settings.port, '127.0.0.1');

function refuse(error) {
    if (error instanceof Refusal) throw new errors.InvalidRequest(error.message);
    throw error;
}
