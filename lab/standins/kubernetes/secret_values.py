"""Which values of a message are secret, and messages whose values stay so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2

from lab.standins.values import SECRET, SIGNATURE, to_struct

Path = tuple[str | int, ...]
Object = dict[str, Any]

SECRET_FIELDS: tuple[Path, ...] = (("data",), ("stringData",), ("metadata", "annotations"))
"""What a Secret holds; kubectl's last-applied-configuration among its annotations repeats it."""


def secret_paths(struct: struct_pb2.Struct) -> set[Path]:
    """Where a message has secrets."""
    found = set[Path]()

    def look(value: struct_pb2.Value, path: Path) -> None:
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
                found.add(path)
                return
            for key, item in fields.items():
                look(item, (*path, key))
        elif kind == "list_value":
            for index, item in enumerate(value.list_value.values):
                look(item, (*path, index))

    for key, item in struct.fields.items():
        look(item, (key,))
    return found


def in_outputs(inputs: Iterable[Path], kind: str) -> set[Path]:
    """Where an object as the server shows it repeats the inputs' secrets, and what is always secret in its kind.

    The server may order a list anew, so a list that holds a secret is secret as a whole.
    """
    found = set[Path]()
    for path in inputs:
        index = next((at for at, key in enumerate(path) if isinstance(key, int)), len(path))
        found.add(path[:index])
    if kind == "Secret":
        found.update(SECRET_FIELDS)
    return found


def marked(values: Mapping[str, Any], paths: Iterable[Path]) -> struct_pb2.Struct:
    """A message with `values`, where those at `paths` are secret."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        node = tree
        for key in path:
            node = node.setdefault(key, {})
        node[None] = True  # type: ignore[index]

    def wrapped(value: Any, node: Mapping[Any, Any]) -> Any:
        if None in node:
            return {SIGNATURE: SECRET, "value": value}
        if isinstance(value, dict):
            return {key: wrapped(item, node[key]) if key in node else item for key, item in value.items()}
        if isinstance(value, list):
            return [wrapped(item, node[at]) if at in node else item for at, item in enumerate(value)]
        return value

    return to_struct(wrapped(dict(values), tree))
