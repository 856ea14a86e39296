"""Ways to spoil how a sender's workload brings changes to its pods, and marks by which others reach its objects."""

from __future__ import annotations

from tests.policies.pod_mutants import mark
from tests.policies.spool_mutants import Change, of_workload

RULE = "pod-fields-known"
OLD_CLASS = "volume.beta.kubernetes.io/storage-class"

UPDATE_MUTANTS: list[tuple[str, str, Change, str]] = [
    (RULE, "all at once", of_workload(strategy={"type": "Recreate"}), "spec.strategy.type may be RollingUpdate alone"),
    (
        RULE,
        "all at once, in percent",
        of_workload(strategy={"rollingUpdate": {"maxUnavailable": "100%"}}),
        "spec.strategy.rollingUpdate.maxUnavailable may be 0 or 0% alone",
    ),
    (RULE, "never", of_workload(paused=True), "no sender needs spec.paused"),
    (RULE, "in a day", of_workload(minReadySeconds=86_400), "spec.minReadySeconds may be 0 alone"),
    (RULE, "a class by its old key", mark("exported", "annotations", OLD_CLASS, ""), f"has the annotation {OLD_CLASS}"),
    (
        RULE,
        "a copied password",
        mark("submission", "annotations", "replicator.v1.mittwald.de/replicate-to"),
        "Secret campaign-spring-sale/sender-submission has the annotation replicator.v1.mittwald.de/replicate-to",
    ),
    (
        RULE,
        "a Service of other clusters",
        mark("service", "annotations", "service.cilium.io/global", "true"),
        "has the annotation service.cilium.io/global",
    ),
]
PERSISTENT_UPDATE_MUTANTS: list[tuple[str, str, Change, str]] = [
    (RULE, "only by hand", of_workload(updateStrategy={"type": "OnDelete"}), "spec.updateStrategy.type may be Rolling"),
    (
        RULE,
        "not pod 0",
        of_workload(updateStrategy={"rollingUpdate": {"partition": 1}}),
        "spec.updateStrategy.rollingUpdate.partition may be 0 alone",
    ),
    (RULE, "one after another", of_workload(podManagementPolicy="OrderedReady"), "may be Parallel alone"),
    (RULE, "a field of tomorrow", of_workload(podSource="https://pods.example.test"), "no sender needs spec.podSource"),
]
