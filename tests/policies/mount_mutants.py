"""Ways to spoil what the containers of a sender have mounted."""

from __future__ import annotations

from typing import Any

from tests.policies.harness import Declared
from tests.policies.object_changes import pod

Stack = dict[str, Declared]
Change = Any
RULE = "containers-known"


def volume(name: str, **source: Any) -> Change:
    """Gives a volume of the pod another source."""

    def change(stack: Stack) -> None:
        others = [one for one in pod(stack)["volumes"] if one["name"] != name]
        pod(stack)["volumes"] = [*others, {"name": name, **source}]

    return change


def moved(name: str, path: str) -> Change:
    """Mounts a volume of the gate elsewhere."""

    def change(stack: Stack) -> None:
        next(one for one in pod(stack)["containers"][1]["volumeMounts"] if one["name"] == name)["mountPath"] = path

    return change


def mounted(name: str, path: str) -> Change:
    """Mounts a volume in the gate once more."""
    return lambda stack: pod(stack)["containers"][1]["volumeMounts"].append({"name": name, "mountPath": path})


MOUNT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        RULE,
        "a file among the program's own",
        mounted("config", "/usr/lib/python3/dist-packages"),
        "gate, has a volume at /usr/lib/python3/dist-packages",
    ),
    (RULE, "no hold", volume("hold", emptyDir={}), "gate, does not have sender-hold at /etc/warmlane/hold, whole"),
    (RULE, "another's hold", volume("hold", configMap={"name": "hold", "optional": True}), "not have sender-hold at"),
    (RULE, "a hold elsewhere", moved("hold", "/hold"), "gate, does not have sender-hold at /etc/warmlane/hold"),
    (
        RULE,
        "a hold under another name",
        volume("hold", configMap={"name": "sender-hold", "items": [{"key": "hold.json", "path": "x"}]}),
        "does not have sender-hold at /etc/warmlane/hold, whole",
    ),
    (
        RULE,
        "a hold that can't be read",
        volume("hold", configMap={"name": "sender-hold", "defaultMode": 0o400}),
        "not have sender-hold at",
    ),
    (
        RULE,
        "an identity of choice",
        volume("identity", configMap={"name": "sender-config"}),
        "email-sender, does not have sender-identity at /etc/warmlane/identity",
    ),
    (
        RULE,
        "a store that may be missing",
        volume("store", secret={"secretName": "sender-store", "optional": True}),
        "not have sender-store at",
    ),
    (
        RULE,
        "logs that are no log",
        volume("logs", configMap={"name": "sender-config"}),
        "does not have a volume of its own at /var/log/warmlane",
    ),
]
