"""Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
since the Unix epoch, a space and a session. Prints the verdict on each."""

import sys

from verify import Verifier, jwt, may_read

issuer, audience, tenant, catalogue = sys.argv[1:]
now = 0
verifier = Verifier(issuer, audience, tenant, lambda: now)
for line in sys.stdin:
    seconds, session = line.rstrip("\n").split(" ")
    now = int(seconds)
    try:
        verdict = "allowed" if may_read(verifier.verify(session), catalogue) else "not allowed"
    except jwt.PyJWTError:
        verdict = "refused"
    print(verdict, flush=True)
