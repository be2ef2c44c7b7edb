"""Releases, which the emulated AWS lacks: when an alias is to move to a newer version, the hook of its update policy tries that first,
and a hook that reports a failure, or nothing, fails the update. Traffic moves at once then; there is no canary here.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html#cfn-attributes-updatepolicy-codedeploylambdaaliasupdate"""

import json
import os
import uuid

import botocore.config
import botocore.session
from ministack.services.cloudformation import _stacks as STACKS
from ministack.services.cloudformation import changesets, engine, stacks
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as KINDS
from samtranslator.translator import transform

REPORT = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
ALIAS = "AWS::Lambda::Alias"
reports = {}


def take(headers, body):
    """Returns the answer to a hook's report; None if the request is none."""
    if headers.get("x-amz-target") != REPORT:
        return None
    report = json.loads(body)
    reports[report["lifecycleEventHookExecutionId"]] = report["status"]
    answer = {"lifecycleEventHookExecutionId": report["lifecycleEventHookExecutionId"]}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def has_passed(stack, hook):
    """Whether the function `hook` of the stack reports that the release may take traffic."""
    function = STACKS[stack]["_resources"][hook]["PhysicalResourceId"]
    execution = str(uuid.uuid4())
    event = {"DeploymentId": "d-EMULATED", "LifecycleEventHookExecutionId": execution}
    patient = botocore.config.Config(read_timeout=300, retries={"max_attempts": 0})
    client = botocore.session.get_session().create_client("lambda", os.environ["AWS_REGION"], config=patient)
    client.invoke(FunctionName=function, Payload=json.dumps(event))
    return reports.get(execution) == "Succeeded"


def move_when_tried(update=KINDS[ALIAS]["update"]):
    def moved(alias, old, new, stack, logical_id=None):
        policy = STACKS[stack]["_template"]["Resources"][logical_id]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        is_newer = int(new["FunctionVersion"]) > int(old["FunctionVersion"])  # a rollback is not tried
        if is_newer and not has_passed(stack, policy["BeforeAllowTrafficHook"]["Ref"]):
            raise ValueError("CodeDeploy: the lifecycle event BeforeAllowTraffic failed")
        return update(alias, old, new, stack, logical_id)

    return moved


def with_policy(of_properties=engine._extract_deps):
    """What an update policy refers to is updated first, or the hook would try the versions of before."""

    def dependencies(resource, names):
        policy = {"Properties": resource.get("UpdatePolicy", {})}
        return of_properties(resource, names) | of_properties(policy, names)

    return dependencies


def with_parameters(expand=transform.transform, apply=changesets._apply_transforms):
    """SAM gets the values of the stack's parameters, as on AWS: it publishes a version when one of them changes."""
    values = {}

    def applied(template, given=None, before=None):
        values.update(engine._transform_parameters(template, given, before))
        return apply(template, given, before)

    return applied, lambda template, _, policies: expand(template, values, policies)


def nothing(kind):
    """A resource that stands for its name."""
    return {"create": lambda name, *_: (f"{name}-{kind}", {}), "delete": lambda *_: None}


def install():
    """Adds all of it to the emulated AWS."""
    is_slow = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == ALIAS or is_slow(kind)
    engine._extract_deps = with_policy()
    KINDS[ALIAS] = KINDS[ALIAS] | {"update": move_when_tried(), "update_with_logical_id": True}
    changesets._apply_transforms, transform.transform = with_parameters()
    for kind in ["Application", "DeploymentGroup"]:
        KINDS[f"AWS::CodeDeploy::{kind}"] = nothing(kind)
