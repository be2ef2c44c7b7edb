"""Verifies Pozi sessions with PyJWT. As a program, python verify.py ISSUER AUDIENCE TENANT CATALOGUE < sessions, it prints
for each line whether the session allows reading the catalogue: allowed, not allowed or refused."""

import json
import logging
import re
import sys
import threading
import time
import urllib.request
from http.client import HTTPException

import jwt

ALGORITHM = "ES256"  # or RS256, as the service is set up
SESSION = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WORD = r"[a-z0-9][a-z0-9_-]*:(download|read|write)"
FORMS = {
    "sub": rf"{GUID}\.{GUID}",
    "client_id": GUID,
    "jti": GUID,
    "scope": f"{WORD}( {WORD})*",
}


class Verifier:
    """Create it once: it keeps the keys. `now` returns seconds since the Unix epoch."""

    def __init__(self, issuer, audience, tenant, now=time.time):
        self.issuer, self.audience, self.tenant, self.now = issuer, audience, tenant, now
        self.keys = Keys(f"{issuer}/.well-known/jwks.json", now)

    def verify(self, session):
        """Returns the claims, or raises jwt.PyJWTError."""
        demand(len(session) <= 16_384 and SESSION.fullmatch(session), "not a token")
        header = jwt.get_unverified_header(session)
        demand(header.get("typ") == "at+jwt" and "crit" not in header, "not a session")
        claims = jwt.decode(
            session,
            self.keys.find(header.get("kid")),
            algorithms=[ALGORITHM],
            audience=self.audience,
            issuer=self.issuer,
            # The times are checked below, because PyJWT has one leeway for all of them.
            options={"strict_aud": True, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        now, begins = int(self.now()), claims.get("nbf", 0)
        demand(all(type(value) is int for value in [claims.get("exp"), claims.get("iat"), begins]), "no times")
        demand(claims["exp"] > now, "expired")
        demand(max(claims["iat"], begins) <= now + 300, "minted in the future")
        for name, form in FORMS.items():
            demand(re.fullmatch(form, str(claims.get(name))), f"{name} has a wrong form")
        demand(claims.get("tid") == self.tenant, "for a person of another tenant")
        demand(claims["sub"].startswith(self.tenant + "."), "sub is of another tenant")
        return claims


def may_read(claims, catalogue):
    scope = claims["scope"].split(" ")
    return f"{catalogue}:read" in scope or f"{catalogue}:write" in scope


class Keys:
    """Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks
    the key wanted is not repeated for 30 seconds."""

    def __init__(self, url, now):
        self.url, self.now, self.lock = url, now, threading.Lock()
        self.keys, self.fetched, self.paused = {}, float("-inf"), float("-inf")

    def find(self, kid):
        with self.lock:
            if not self.is_within(300, self.fetched) or kid not in self.keys:
                if not self.is_within(30, self.paused):
                    self.fetch()
                    if kid not in self.keys:
                        self.paused = self.now()
            demand(self.is_within(86_400, self.fetched), "the keys are unavailable")
            demand(kid in self.keys, "an unknown key")
            return self.keys[kid]

    def fetch(self):
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:
                key_set = jwt.PyJWKSet.from_dict(json.load(answer))
            self.keys, self.fetched = {key.key_id: key for key in key_set.keys}, self.now()
        except (OSError, HTTPException, ValueError, AttributeError, jwt.PyJWTError) as error:
            self.paused = self.now()
            logging.warning("the keys of sessions cannot be fetched: %s", error)

    def is_within(self, seconds, since):
        return 0 <= self.now() - since < seconds


def demand(condition, message):
    if not condition:
        raise jwt.InvalidTokenError(message)


if __name__ == "__main__":
    issuer, audience, tenant, catalogue = sys.argv[1:]
    verifier = Verifier(issuer, audience, tenant)
    for line in sys.stdin:
        try:
            claims = verifier.verify(line.rstrip("\n"))
            verdict = "allowed" if may_read(claims, catalogue) else "not allowed"
        except jwt.PyJWTError:
            verdict = "refused"
        print(verdict, flush=True)
