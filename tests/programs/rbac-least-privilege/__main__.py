"""A role that reads every secret of a campaign's namespace."""

from pulumi_kubernetes.rbac.v1 import Role

from tests.programs.parts import in_cluster, metadata

Role(
    "reader",
    metadata=metadata("reader"),
    rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}],
    opts=in_cluster(),
)
