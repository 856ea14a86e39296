"""A relay's password in a ConfigMap."""

from pulumi_kubernetes.core.v1 import ConfigMap

from tests.programs.parts import in_cluster, metadata

ConfigMap("relay", metadata=metadata("relay"), data={"relay.yaml": "user: a\npassword: hunter2\n"}, opts=in_cluster())
