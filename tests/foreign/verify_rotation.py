"""Exchanges tokens at a running service and verifies every session with PyJWT, with the key set that the service's metadata
points to. Ends after two rotations."""

import json
import sys
import time
import urllib.parse
import urllib.request

import jwt

BASE, ALGORITHM = sys.argv[1], sys.argv[2]
AUDIENCE = "https://poziserver-riverbend.example/pozi/"
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "client_id", "jti", "scope", "tid"]


def read(url, **form):
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data, timeout=10) as answer:
        return answer.read().decode()


def exchange():
    token = read(f"{BASE}/entra/token?site=riverbend&person=reader")
    answer = read(
        f"{BASE}/oauth2/token",
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
        subject_token=token,
    )
    return json.loads(answer)["access_token"]


def verify(keys, session, audience=AUDIENCE):
    assert jwt.get_unverified_header(session)["typ"] == "at+jwt"
    key = keys.get_signing_key_from_jwt(session)
    return jwt.decode(
        session, key, algorithms=[ALGORITHM], audience=audience, issuer=BASE, options={"require": REQUIRED}
    )


def refuses(keys, session, audience=AUDIENCE):
    try:
        verify(keys, session, audience)
    except jwt.PyJWTError:
        return True
    return False


jwks_uri = json.loads(read(f"{BASE}/.well-known/openid-configuration"))["jwks_uri"]
sessions, kids, verified = [], [], 0
deadline = time.monotonic() + 60
while len(kids) < 3:
    assert time.monotonic() < deadline, f"only {len(kids)} keys signed in a minute"
    session = exchange()
    sessions.append(session)
    kid = jwt.get_unverified_header(session)["kid"]
    if kid not in kids:
        kids.append(kid)
    # A new client each time, so that it has the current key set, which must verify all earlier sessions.
    keys = jwt.PyJWKClient(jwks_uri)
    for earlier in sessions:
        assert verify(keys, earlier)["scope"] == "heritage:read planning:read"
        verified += 1
    time.sleep(0.25)

head, payload, signature = sessions[-1].split(".")
flipped = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BA")
assert refuses(keys, f"{head}.{payload}.{flipped}")
assert refuses(keys, f"{head}.{sessions[0].split('.')[1]}.{signature}")
assert refuses(keys, sessions[-1], audience="https://poziserver-saltmarsh.example/pozi/")
print(f"{len(sessions)} sessions under {len(kids)} keys, {verified} verifications, 3 invalid sessions refused")
