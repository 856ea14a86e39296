"""The level `restricted`, beyond `baseline`: what a hardened pod has to say for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.plain import UNKNOWN
from policies.pod_security.baseline import added_capabilities
from policies.pod_security.control import USER_NAMESPACE, WINDOWS, Control, Place, Pod, one_of

VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def _foreign_volumes(pod: Pod) -> Iterator[Place]:
    """The types of volumes that are not of the list; a volume without any becomes an emptyDir."""
    for volume in pod.spec.at("volumes").entries():
        if volume.value is UNKNOWN:
            yield volume
        elif isinstance(volume.value, dict):
            types = sorted(volume.value.keys() - {"name", *VOLUMES})
            yield from (Place(volume.path, type_) for type_ in types if volume.value[type_] is not None)


def _dropped_capabilities(pod: Pod) -> Iterator[Place]:
    for dropped in pod.in_containers("securityContext", "capabilities", "drop"):
        names = dropped.value if isinstance(dropped.value, list) else []
        undecided = "ALL" not in names and any(name is UNKNOWN for name in names)
        yield Place(dropped.path, UNKNOWN) if undecided else dropped


def _drops_all(value: Any) -> bool:
    return isinstance(value, list) and "ALL" in value


RESTRICTED = (
    Control("restrictedVolumes", _foreign_volumes, lambda _: False, ", ".join(VOLUMES)),
    Control(
        "allowPrivilegeEscalation",
        lambda pod: pod.in_containers("securityContext", "allowPrivilegeEscalation"),
        one_of(False),
        "false",
        exempt=WINDOWS,
    ),
    Control("runAsNonRoot", lambda pod: pod.effective("runAsNonRoot"), one_of(True), "true", exempt=USER_NAMESPACE),
    Control(
        "runAsUser",
        lambda pod: pod.security("runAsUser"),
        lambda value: value is None or value != 0,
        "any user but 0",
        exempt=USER_NAMESPACE,
    ),
    Control(
        "seccompProfile_restricted",
        lambda pod: pod.effective("seccompProfile", "type"),
        one_of("RuntimeDefault", "Localhost"),
        "RuntimeDefault or Localhost",
        exempt=WINDOWS,
    ),
    Control("capabilities_restricted", _dropped_capabilities, _drops_all, "a list with ALL", exempt=WINDOWS),
    Control(
        "capabilities_restricted", added_capabilities, one_of("NET_BIND_SERVICE"), "NET_BIND_SERVICE", exempt=WINDOWS
    ),
    Control(
        "procMount_restricted",
        lambda pod: pod.in_containers("securityContext", "procMount"),
        one_of(None, "Default"),
        "Default",
    ),
)
