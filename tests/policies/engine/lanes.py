"""The lanes of an environment and who holds them, and nothing else: the part of its program that needs no node."""

import pulumi

from components import providers
from components.committed import environment_of_stack
from components.lane import Lane
from components.platform import Platform

name = pulumi.get_stack()
environment = environment_of_stack(name)
if environment.aws is None:
    raise pulumi.RunError(f"the environment {name} has no AWS account to allocate an address in")
found = providers.named(providers.kubernetes_provider(environment.cluster), providers.aws_provider(environment.aws))
opts = pulumi.ResourceOptions(providers=found)
Platform("platform", environment=environment, environment_name=name, opts=opts)
for lane in sorted(environment.lanes):
    Lane(lane, environment=environment, environment_name=name, opts=opts)
