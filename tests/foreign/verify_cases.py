"""Verifies sessions with PyJWT and with joserfc, as a server of data would: reads the cases on standard input, and writes
the verdicts of each library in the order of the cases."""

import json
import sys

import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

cases = json.load(sys.stdin)
ISSUER, AUDIENCE, ALGORITHM = cases["issuer"], cases["audience"], cases["algorithm"]
TENANT = cases["tenant"]
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "client_id", "jti", "scope", "tid"]


def with_pyjwt(session, key_set):
    header = jwt.get_unverified_header(session)
    assert header["typ"] == "at+jwt"
    key = jwt.PyJWKSet.from_dict(key_set)[header["kid"]]
    return jwt.decode(
        session, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED}
    )


def with_joserfc(session, key_set):
    token = joserfc_jwt.decode(session, KeySet.import_key_set(key_set), algorithms=[ALGORITHM])
    assert token.header["typ"] == "at+jwt"
    essential = {name: {"essential": True} for name in REQUIRED}
    essential["iss"]["value"], essential["aud"]["value"] = ISSUER, AUDIENCE
    joserfc_jwt.JWTClaimsRegistry(**essential).validate(token.claims)
    return token.claims


def verdicts(verify):
    def verdict(case):
        try:
            claims = verify(case["session"], case["key_set"])
            return claims["scope"] if claims["tid"] == TENANT else None
        except Exception:
            return None

    return [verdict(case) for case in cases["sessions"]]


json.dump({"PyJWT": verdicts(with_pyjwt), "joserfc": verdicts(with_joserfc)}, sys.stdout)
