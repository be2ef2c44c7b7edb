"""Expands the SAM template on standard input to plain CloudFormation on standard output, as AWS would, without a network:
no managed policy is named in the template, and the translator is given none."""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-2")
template = yaml_parse(sys.stdin.read())
# As `sam package` does: the translator takes code from a bucket only.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        folder = resource["Properties"]["CodeUri"]
        resource["Properties"]["CodeUri"] = f"s3://bucket/{folder.rstrip('/').rsplit('/', 1)[-1]}.zip"
translator = Translator({}, Parser())
json.dump(translator.translate(template, parameter_values={}), sys.stdout, indent=1, default=str)
