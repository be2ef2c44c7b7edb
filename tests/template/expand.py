"""Expands the SAM template on standard input to plain CloudFormation on standard output, with the parameters in its arguments
(`Name=value`). Needs no network, since the template uses no managed policies."""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-2")
template = yaml_parse(sys.stdin.read())
# As `sam package` does, since the translator accepts code only from a bucket.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        folder = resource["Properties"]["CodeUri"]
        resource["Properties"]["CodeUri"] = f"s3://bucket/{folder.rstrip('/').rsplit('/', 1)[-1]}.zip"
translator = Translator({}, Parser())
parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
json.dump(translator.translate(template, parameter_values=parameters), sys.stdout, indent=1, default=str)
