"""Serves an emulated AWS that creates whole stacks, runs their functions as processes and enforces their policies, on a free local
port, which it prints. Stops when its standard input ends, which is when the process that started it ends.

What the emulator lacks and the stack needs is added below, each beside the reason."""

import json
import os
import pathlib
import socket
import sys
import threading

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]

os.environ |= {
    "AUTH": "true",  # policies of roles and keys are enforced
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}",
    "BIND_HOST": "127.0.0.1",
    "GATEWAY_PORT": str(PORT),
    "IOT_MTLS_ENABLED": "0",
    "LOG_LEVEL": "WARNING",
    "MINISTACK_ACCOUNT_ID": "123456789012",
    "MINISTACK_REGION": os.environ["AWS_REGION"],
}

from ministack import app  # noqa: E402
from ministack.core import iam_actions, iam_evaluator  # noqa: E402
from ministack.services import kms  # noqa: E402
from ministack.services.cloudformation import _stacks as STACKS  # noqa: E402
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as KINDS  # noqa: E402

import releases  # noqa: E402


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def change(kind, before=lambda properties: properties, after=lambda made: made):
    """Gives the emulator's handlers of a kind of resource other properties, and their results to `after`."""
    handlers = dict(KINDS[kind])
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]
    handlers["create"] = lambda name, new, stack: after(create(name, before(new), stack))
    handlers["update"] = lambda made, old, new, *rest, **named: after(update(made, before(old), before(new), *rest, **named))
    handlers["delete"] = lambda made, old, *rest: delete(made, before(old), *rest)
    return handlers


def addressed(made):
    """An address that every client resolves and that the functions take for one of this machine."""
    api, attributes = made
    return api, attributes | {"ApiEndpoint": f"http://localhost:{PORT}/_aws/execute-api/{api}"}


def without_mathematics(properties):
    """An alarm on one metric instead of a calculation, which is not emulated: the suite `template` looks at those."""
    if "Metrics" not in properties:
        return properties
    return {name: value for name, value in properties.items() if name != "Metrics"} | {"Namespace": "none", "MetricName": "none"}


def partitions(request):
    """The partition keys that a request to DynamoDB names: `dynamodb:LeadingKeys`."""
    if key := request.get("Key") or request.get("Item"):
        return [key["pk"]["S"]]
    if "KeyConditionExpression" in request:
        placeholder = request["KeyConditionExpression"].split("=")[1].split()[0]
        return [request["ExpressionAttributeValues"][placeholder]["S"]]
    read = [key["pk"]["S"] for table in request.get("RequestItems", {}).values() for key in table.get("Keys", [])]
    written = [key for action in request.get("TransactItems", []) for key in partitions(next(iter(action.values())))]
    return read + written


def of_dynamodb(request):
    """Condition keys. Source: the service authorization reference of DynamoDB."""
    found = partitions(request)
    return {"dynamodb:LeadingKeys": found} if found else {}


def of_kms(request):
    """Condition keys. Source: the service authorization reference of KMS."""
    context = {f"kms:EncryptionContext:{name}": value for name, value in request.get("EncryptionContext", {}).items()}
    known = ["MessageType", "SigningAlgorithm", "KeyUsage", "KeySpec"]
    context |= {f"kms:{name}": request[name] for name in known if name in request}
    key = kms._resolve_key(request["KeyId"]) if request.get("KeyId") else None
    return context | {f"aws:ResourceTag/{tag['TagKey']}": tag["TagValue"] for tag in (key or {}).get("Tags", [])}


def with_condition_keys(of_tags=iam_actions.request_tag_context):
    """Condition keys of our policies that the emulator does not fill in."""
    own = {"dynamodb": of_dynamodb, "kms": of_kms}

    def context(service, action, body, parameters):
        added = own[service](json.loads(body or b"{}")) if service in own else {}
        return of_tags(service, action, body, parameters) | added

    return context


def with_role(resolve=iam_evaluator._resolve_condition_key):
    """`aws:PrincipalArn` of an assumed role is the role. Source: IAM's list of global condition keys."""

    def resolved(key, context):
        arn = context.principal_arn
        if key.lower() == "aws:principalarn" and ":assumed-role/" in arn:
            return arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rsplit("/", 1)[0]
        return resolve(key, context)

    return resolved


def with_items(enforce=iam_evaluator.enforce):
    """A transaction's items are allowed or not one after the other, each by its own partition."""

    def enforced(*caller, service_context=None, **named):
        if "dynamodb:EnclosingOperation" in (service_context or {}):
            service_context = service_context | {"dynamodb:LeadingKeys": [service_context["dynamodb:LeadingKeys"].pop(0)]}
        return enforce(*caller, service_context=service_context, **named)

    return enforced


def with_stack(name_of=iam_actions.extract_resource_arn):
    """A stack that is asked for by its name is meant by its whole ARN, which policies name."""

    def named(service, method, path, headers, body, parameters, *rest):
        name = name_of(service, method, path, headers, body, parameters, *rest)
        stack = STACKS.get(name.split("/")[1]) if service == "cloudformation" and name.endswith("/*") else None
        return stack["StackId"] if stack else name

    return named


async def without_user_pools(method, path, headers, body, *_):
    """Reports of hooks. The emulated Cognito would answer `/oauth2/token` of every host here."""
    return releases.take(headers, body)


releases.install()
KINDS["AWS::ApiGatewayV2::Api"] = change("AWS::ApiGatewayV2::Api", after=addressed)
KINDS["AWS::CloudWatch::Alarm"] = change("AWS::CloudWatch::Alarm", before=without_mathematics)
KINDS["AWS::IAM::RolePolicy"] = change("AWS::IAM::Policy", before=lambda properties: properties | {"Roles": [properties["RoleName"]]})
iam_actions.request_tag_context = with_condition_keys()
iam_actions.extract_resource_arn = with_stack()
iam_evaluator.enforce = with_items()
iam_evaluator._resolve_condition_key = with_role()
app._handle_cognito_body_request = without_user_pools

threading.Thread(target=end_with_parent, daemon=True).start()
print(PORT, flush=True)
sys.argv = [pathlib.Path(__file__).name]
sys.stdout = sys.stderr  # the port alone is printed
app.main()
