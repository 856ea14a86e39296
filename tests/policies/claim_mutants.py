"""Ways to spoil the room and the time that a sender has for its queue."""

from __future__ import annotations

from typing import Any

from tests.policies.harness import UNKNOWN
from tests.policies.identity_mutants import document
from tests.policies.spool_mutants import RULE, Change, pod, template, volume
from warmlane import labels


def pods(**fields: Any) -> Change:
    return lambda stack: pod(stack).update(fields)


def no_grace(stack: Any) -> None:
    del pod(stack)["terminationGracePeriodSeconds"]


def exported(**fields: Any) -> Change:
    """Changes the claim for what no sibling takes."""
    return lambda stack: stack["exported"].props["spec"].update(fields)


def each(**fields: Any) -> Change:
    """Changes the claim of each pod's own."""
    return lambda stack: template(stack)["spec"].update(fields)


def marked(**fields: Any) -> Change:
    return lambda stack: template(stack)["metadata"].update(fields)


def storage(size: str) -> dict[str, Any]:
    return {"requests": {"storage": size}}


def beside(stack: Any) -> None:
    stack["config"].props["data"]["sitecustomize.py"] = "import os"


HANDOVER_CLAIM_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        RULE,
        "half a minute",
        pods(terminationGracePeriodSeconds=30),
        "is killed 30 s after it is told to stop, and needs",
    ),
    (RULE, "Kubernetes' half minute", no_grace, "is killed 30 s after it is told to stop, and needs 600 s"),
    (RULE, "a small queue", volume("spool", emptyDir={"sizeLimit": "383Mi"}), "and its gate takes 384 MiB"),
    (
        RULE,
        "no room",
        lambda s: pod(s)["containers"][0].pop("resources"),
        "email-sender: resources.limits.ephemeral-storage is missing, and its size small needs 512Mi",
    ),
    (
        RULE,
        "a gate without memory",
        lambda s: pod(s)["containers"][1]["resources"]["limits"].update(memory="64Mi"),
        "gate: resources.limits.memory is 64Mi, and its size small needs 192Mi",
    ),
    (RULE, "a queue in memory", volume("spool", emptyDir={"medium": "Memory"}), "of 384Mi on disk"),
    (
        RULE,
        "a small export",
        exported(resources=storage("1Mi")),
        "resources.requests.storage is 1Mi, but the committed",
    ),
    (RULE, "an export that is read", exported(accessModes=["ReadOnlyMany"]), "accessModes is ['ReadOnlyMany'], but"),
    (RULE, "an export of another class", exported(storageClassName="other"), "storageClassName is other, but"),
    (RULE, "an export of blocks", exported(volumeMode="Block"), "volumeMode is Block, but"),
    (RULE, "an export to be told", exported(resources=UNKNOWN), "cannot be decided from spec.resources"),
    (RULE, "a number in words", document(spool_mib="384"), "does not hold a sender's configuration (spool_mib"),
    (RULE, "a file beside", beside, "holds sitecustomize.py beside config.json, which no sender reads"),
    ("day-length-shipped", "no day", document(day_length=0), "does not hold a sender's configuration (day_length"),
]
PERSISTENT_CLAIM_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        RULE,
        "half a minute",
        pods(terminationGracePeriodSeconds=30),
        "is killed 30 s after it is told to stop, and needs",
    ),
    (RULE, "a small volume", each(resources=storage("1Mi")), "claim spool: resources.requests.storage is 1Mi, but"),
    (RULE, "a volume for all", each(accessModes=["ReadWriteMany"]), "accessModes is ['ReadWriteMany'], but"),
    (RULE, "a volume of another class", each(storageClassName="other"), "storageClassName is other, but"),
    (RULE, "attributes of choice", each(volumeAttributesClassName="fast"), "no claim of a sender needs volumeAttrib"),
    (
        RULE,
        "a class by its old mark",
        marked(annotations={"volume.beta.kubernetes.io/storage-class": ""}),
        "claim spool has marks by which another",
    ),
    (
        RULE,
        "another's label",
        marked(labels={labels.CAMPAIGN: "newsletter"}),
        f"the label {labels.CAMPAIGN}=spring-sal",
    ),
]
