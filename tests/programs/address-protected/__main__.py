"""An elastic IP of a lane that a destroy would release."""

import pulumi
import pulumi_aws as aws

from components import providers
from tests.programs.parts import environment
from warmlane import labels

account = environment().aws
if account is None:
    raise pulumi.RunError("the environment dev has no AWS account to allocate an address in")
aws.ec2.Eip(
    "cedar-address",
    domain="vpc",
    tags=labels.aws_tags("cedar-address", "dev", "cedar"),
    opts=pulumi.ResourceOptions(provider=providers.aws_provider(account)),
)
