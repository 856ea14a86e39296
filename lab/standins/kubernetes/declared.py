"""What a live object says about the values that a program declared: how a refresh sees drift."""

from __future__ import annotations

import base64
import json
from typing import Any

from lab.standins.kubernetes.objects import ABSENT, Object, at, same

SERVER_KEPT = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


def fields(live: Object) -> Object:
    """The live object's fields as its managers own them (`FieldsV1`), all managers together: it tells which lists
    the server merges by key."""
    merged: Object = {}
    for entry in at(live, "metadata", "managedFields") or []:
        _merge(merged, entry.get("fieldsV1") or {})
    return merged


def _merge(into: Object, other: Object) -> None:
    for key, value in other.items():
        _merge(into.setdefault(key, {}), value)


def with_string_data(shown: Object, inputs: Object) -> Object:
    """A Secret with the `stringData` that the inputs have, which the server keeps under `data` only."""
    given = inputs.get("stringData")
    if shown.get("kind") != "Secret" or not isinstance(given, dict):
        return shown
    data = shown.get("data") or {}
    decoded = {key: base64.b64decode(data[key]).decode(errors="replace") for key in given if key in data}
    return {**shown, "stringData": decoded}


def declared(inputs: Any, live: Any, applied: Any, node: Object) -> Any:
    """`inputs` with the values that `live` has for them; what it lacks is left out.

    Where `live` equals `applied`, which is what the server makes of the inputs, nothing has drifted and the program's
    own way to write the value stays: the server writes 1000m as 1, drops empty maps, and fills in defaults.
    """
    if live is applied or (live is not ABSENT and applied is not ABSENT and same(live, applied)):
        return inputs
    if isinstance(inputs, dict) and isinstance(live, dict):
        return _pruned(
            {
                key: declared(
                    value,
                    live.get(key, ABSENT),
                    applied.get(key, ABSENT) if isinstance(applied, dict) else ABSENT,
                    node.get(f"f:{key}") or {},
                )
                for key, value in inputs.items()
            }
        )
    if isinstance(inputs, list) and isinstance(live, list):
        keys = _keys(node)
        if keys:
            return _keyed(inputs, live, applied if isinstance(applied, list) else [], keys, node)
    return live


def _pruned(values: Object) -> Object:
    return {key: value for key, value in values.items() if value is not ABSENT}


def _keys(node: Object) -> tuple[str, ...]:
    """The keys by which the server merges a list's items, from `k:{"name":"gate"}`; none where it is one value."""
    for key in node:
        if key.startswith("k:"):
            return tuple(json.loads(key[2:]))
    return ()


def _keyed(inputs: list[Any], live: list[Any], applied: list[Any], keys: tuple[str, ...], node: Object) -> list[Any]:
    """The declared items of a merged list; those that others added are theirs."""
    found = []
    for item in inputs:
        one, other = _item(live, item, keys), _item(applied, item, keys)
        if one is ABSENT:
            continue
        name = "k:" + json.dumps({key: one.get(key) for key in sorted(keys)}, separators=(",", ":"))
        found.append(declared(item, one, other, node.get(name) or {}))
    return found


def _item(items: list[Any], like: Any, keys: tuple[str, ...]) -> Any:
    for item in items:
        # A key that a program leaves out has its default: `protocol: TCP` of a port.
        if isinstance(item, dict) and all(like.get(key, item.get(key)) == item.get(key) for key in keys):
            return item
    return ABSENT


def imported(live: Object) -> Object:
    """The inputs that would make a live object: all of it but what the server keeps for itself."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in SERVER_KEPT}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
