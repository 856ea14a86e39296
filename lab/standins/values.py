"""Property values as the engine sends them, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

Values = dict[str, Any]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's sign for a value that is known only after an update (`UnknownStringValue`, sdk/go/common/resource)."""


SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""An object with this signature wraps a secret's value (`resource.SecretSig`), as in the provider's own settings."""


def from_struct(struct: struct_pb2.Struct) -> Values:
    """A message's values; whole numbers, which arrive as doubles, become int."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        plain = from_struct(value.struct_value)
        return plain.get("value") if plain.get(SIGNATURE) == SECRET else plain
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """A message with the values that are not None."""
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in values.items() if value is not None})
    return struct


def has_unknown(value: Any) -> bool:
    """Whether a value, or something inside it, is known only after an update."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return bool(value == UNKNOWN)
