"""A claim on a volume that somebody made by hand, of which no plan shows where it lies."""

from pulumi_kubernetes.core.v1 import PersistentVolumeClaim

from components.workload import SKIP_AWAIT, claim_spec
from tests.programs.parts import in_cluster, metadata

PersistentVolumeClaim(
    "by-name",
    metadata={**metadata("by-name"), "annotations": SKIP_AWAIT},
    spec={**claim_spec("1Gi", None), "volumeName": "node-root"},
    opts=in_cluster(),
)
