"""What a program's values mean for an object: its name, and what a change of it needs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab.standins.kubernetes.immutable import Path, immutable

Object = dict[str, Any]

AUTONAMED = "pulumi.com/autonamed"
PATCH_FORCE = "pulumi.com/patchForce"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"

NAME_LENGTH = 63
RANDOM_LENGTH = 7
MANAGER_LENGTH = 8
ABSENT = object()

_PLAIN_KEY = re.compile(r"^[A-Za-z_$][\w$]*$")


@dataclass(frozen=True)
class Change:
    """A value that differs. `had` and `has` say whether the old and the new object have it at all."""

    path: Path
    had: bool
    has: bool
    replaces: bool

    @property
    def key(self) -> str:
        """The path as the engine writes it: `spec.containers[0].image`, `metadata.labels["a/b"]`."""
        text = ""
        for key in self.path:
            if isinstance(key, int):
                text += f"[{key}]"
            elif _PLAIN_KEY.match(key):
                text += f".{key}" if text else key
            else:
                escaped = key.replace('"', '\\"')
                text += f'["{escaped}"]'
        return text


def at(value: Any, *path: str) -> Any:
    """What lies at a path of keys, or None."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def annotations_of(wanted: Object) -> dict[str, str]:
    """An object's annotations; none while they are known only after an update."""
    found = at(wanted, "metadata", "annotations")
    return found if isinstance(found, dict) else {}


def is_set(wanted: Object, annotation: str) -> bool:
    """Whether an annotation says "true"."""
    return annotations_of(wanted).get(annotation) == "true"


def identifier(shown: Object) -> str:
    """The engine's id of an object: `namespace/name`, or `name`."""
    namespace, name = at(shown, "metadata", "namespace"), at(shown, "metadata", "name")
    return f"{namespace}/{name}" if namespace else str(name)


def title(shown: Object) -> str:
    """How messages call an object."""
    return f"{shown.get('kind')} {identifier(shown)}"


def named(wanted: Object, old: Object, logical_name: str, seed: bytes) -> Object:
    """The object with a name: its own, the one that it has already, or a random one."""
    given = wanted.get("metadata") or {}
    if not isinstance(given, dict) or given.get("name"):
        # In a preview all of it may be known only after the update.
        return wanted
    metadata = dict(given)
    earlier = at(old, "metadata", "name") if is_set(old, AUTONAMED) else None
    end = hashlib.sha256(seed or logical_name.encode()).hexdigest()[:RANDOM_LENGTH]
    metadata["name"] = earlier or f"{logical_name.lower()[: NAME_LENGTH - RANDOM_LENGTH - 1]}-{end}"
    metadata["annotations"] = {**annotations_of(wanted), AUTONAMED: "true"}
    return {**wanted, "metadata": metadata}


def manager(urn: str, wanted: Object, state: Object) -> str:
    """The field manager of a resource: the same in each run, so that what a killed engine made is known as its own."""
    chosen = annotations_of(wanted).get(FIELD_MANAGER) or state.get("__fieldManager")
    return chosen or f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:MANAGER_LENGTH]}"


def managed_by(live: Object, name: str) -> bool:
    """Whether a field manager has applied something of a live object."""
    return any(entry.get("manager") == name for entry in at(live, "metadata", "managedFields") or [])


def changes(old: Object, new: Object, mutable: frozenset[str]) -> list[Change]:
    """What differs between the inputs of a resource, and whether that needs a new object."""
    fixed = immutable(str(new.get("apiVersion")), str(new.get("kind")), mutable, old.get("immutable") is True)
    found = []
    for path, had, has in _different(old, new, ()):
        replaces = any(path[: len(one)] == one or one[: len(path)] == path and one != path for one in fixed)
        found.append(Change(path, had, has, replaces))
    return found


def _different(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, bool, bool]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _different(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else ABSENT
            other = new[index] if index < len(new) else ABSENT
            yield from _different(one, other, (*path, index))
    elif not same(old, new):
        yield path, old is not ABSENT, new is not ABSENT


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, where 1 and true differ."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def delete_first(old: Object, new: Object) -> bool:
    """Whether a replaced object has to go before the new one: a name that a person chose can't stand twice."""
    return not is_set(new, AUTONAMED) and bool(at(new, "metadata", "name")) and identifier(old) == identifier(new)


def foreseen(state: Any, before: Any, wanted: Any) -> Any:
    """The state of an object as an update will leave it: without what was declared before and is not any more, and
    with the wanted values over the rest."""
    if not isinstance(state, dict) or not isinstance(wanted, dict):
        return wanted
    declared = before if isinstance(before, dict) else {}
    kept = {key: value for key, value in state.items() if key in wanted or key not in declared}
    return {
        **kept,
        **{key: foreseen(state.get(key), declared.get(key), value) for key, value in wanted.items()},
    }
