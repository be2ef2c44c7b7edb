"""Verifies Pozi sessions with PyJWT. As a program: python verify.py ISSUER AUDIENCE TENANT CATALOGUE < session"""

import sys

import jwt

REQUIRED = ["iss", "aud", "exp", "iat", "sub", "client_id", "jti", "scope", "tid"]


class Verifier:
    """Create it once: it keeps the keys."""

    def __init__(self, issuer, audience, tenant):
        self.issuer, self.audience, self.tenant = issuer, audience, tenant
        self.keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json", lifespan=300)

    def verify(self, session):
        if jwt.get_unverified_header(session).get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not a session")
        claims = jwt.decode(
            session,
            self.keys.get_signing_key_from_jwt(session),
            algorithms=["ES256"],
            audience=self.audience,
            issuer=self.issuer,
            options={"require": REQUIRED},
        )
        if claims["tid"] != self.tenant:
            raise jwt.InvalidTokenError("for a person of another tenant")
        return claims


def may_read(claims, catalogue):
    scope = claims["scope"].split(" ")
    return f"{catalogue}:read" in scope or f"{catalogue}:write" in scope


if __name__ == "__main__":
    issuer, audience, tenant, catalogue = sys.argv[1:]
    claims = Verifier(issuer, audience, tenant).verify(sys.stdin.read().strip())
    print("allowed" if may_read(claims, catalogue) else "not allowed")
