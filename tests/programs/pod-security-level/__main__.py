"""A campaign's namespace that admits every pod."""

from pulumi_kubernetes.core.v1 import Namespace

from tests.programs.parts import CAMPAIGN, in_cluster
from warmlane import names

Namespace("open", metadata={"name": names.namespace(CAMPAIGN)}, opts=in_cluster())
