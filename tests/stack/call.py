"""Calls AWS. Reads the calls as a JSON list of [service, operation, arguments] from its standard input, and writes a list with the
answer of each, as {"answer": …}, or its error's code, as {"error": …}. Bytes are text, a character a byte."""

import json
import sys

import botocore.exceptions
import botocore.session


def text(value):
    value = value.read() if hasattr(value, "read") else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def with_bytes(value):
    """Binary attributes of DynamoDB, as they were before `text`."""
    if isinstance(value, list):
        return [with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: one.encode("latin-1") if name == "B" else with_bytes(one) for name, one in value.items()}


def call(service, operation, arguments):
    if service not in clients:
        # Where CloudFront looks for certificates.
        clients[service] = session.create_client(service, region_name="us-east-1" if service == "acm" else None)
    try:
        return {"answer": getattr(clients[service], operation)(**with_bytes(arguments))}
    except botocore.exceptions.ClientError as error:
        return {"error": error.response["Error"]["Code"]}


session, clients = botocore.session.get_session(), {}
print(json.dumps([call(*one) for one in json.load(sys.stdin)], default=text))
