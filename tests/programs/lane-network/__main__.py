"""A NAT gateway in an environment whose lanes leave by a gateway node."""

import pulumi
import pulumi_aws as aws

from components import providers
from tests.programs.parts import LANE, environment
from warmlane import labels

account = environment().aws
if account is None:
    raise pulumi.RunError("the environment dev has no AWS account to make a gateway in")
aws.ec2.NatGateway(
    "spare-nat",
    subnet_id="subnet-0123456789abcdef0",
    allocation_id="eipalloc-0123456789abcdef0",
    tags=labels.aws_tags("spare-nat", "dev", LANE),
    opts=pulumi.ResourceOptions(provider=providers.aws_provider(account)),
)
