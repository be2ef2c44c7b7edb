// The exchange as one would write it by hand: node:http and jose.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { ACCESS_TOKEN_TYPE, GRANT_TYPE, Refusal, exchange, settings } from './subject.mjs';

const MAX_BODY_BYTES = 64 * 1024;

const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), use: 'sig', alg: 'ES256' };
jwk.kid = await calculateJwkThumbprint(jwk);
const header = { alg: 'ES256', typ: 'at+jwt', kid: jwk.kid };
const keySet = { keys: [jwk] };

createServer((request, response) => {
    respond(request).then(
        (answer) => send(response, 200, answer),
        (error) => {
            if (!(error instanceof Refusal)) return send(response, 500, { error: 'server_error' });
            return send(response, 400, { error: error.error, error_description: error.message });
        },
    );
}).listen(settings.port, '127.0.0.1');

async function respond(request) {
    if (request.method === 'GET' && request.url === '/.well-known/jwks.json') return keySet;
    if (request.method !== 'POST' || request.url !== '/oauth2/token') {
        throw new Refusal('invalid_request', 'there is nothing here');
    }
    const form = new URLSearchParams(await body(request));
    if (form.get('grant_type') !== GRANT_TYPE) throw new Refusal('unsupported_grant_type', 'not an exchange');
    const token = form.get('subject_token');
    if (!token || form.get('subject_token_type') !== ACCESS_TOKEN_TYPE) {
        throw new Refusal('invalid_request', 'a parameter is missing');
    }
    const session = await exchange(token);
    return {
        access_token: await sign(session),
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: 'Bearer',
        expires_in: session.expires_in,
        scope: session.scope,
    };
}

function sign({ sub, client_id, tid, scope, expires_in }) {
    const iat = Math.floor(Date.now() / 1000);
    const claims = {
        iss: settings.issuer,
        aud: settings.site.external_url,
        sub,
        client_id,
        tid,
        iat,
        exp: iat + expires_in,
        jti: randomUUID(),
        scope,
        policy_revision: settings.revision,
    };
    return new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
}

function body(request) {
    return new Promise((resolve, reject) => {
        let text = '';
        request.setEncoding('latin1');
        request.on('data', (chunk) => {
            text += chunk;
            if (text.length > MAX_BODY_BYTES) reject(new Refusal('invalid_request', 'the form is too large'));
        });
        request.on('end', () => resolve(text));
        request.on('error', reject);
    });
}

function send(response, status, answer) {
    const text = JSON.stringify(answer);
    response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
    });
    response.end(text);
}
