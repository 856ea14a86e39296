"""A Secret with which the producers of another campaign would be let in."""

import base64

from pulumi_kubernetes.core.v1 import Secret

from tests.programs.parts import in_cluster, metadata
from warmlane import names

user = base64.b64encode(b"newsletter").decode()
Secret("shared", metadata=metadata(names.SUBMISSION_SECRET), data={"username": user}, opts=in_cluster())
