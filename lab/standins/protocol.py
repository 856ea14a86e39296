"""What both providers say to the engine in the same way (`provider.proto`)."""

from __future__ import annotations

import collections
from typing import Any, Protocol

import grpc
from pulumi.runtime.proto import provider_pb2


class Status(
    collections.namedtuple("Status", ("code", "details", "trailing_metadata")),
    grpc.Status,
):
    """A gRPC status with details for the engine."""


class Change(Protocol):
    """A property whose wanted value differs from the state: what was and is there, and whether that replaces."""

    @property
    def had(self) -> bool: ...
    @property
    def has(self) -> bool: ...
    @property
    def replaces(self) -> bool: ...


def type_token(urn: str) -> str:
    """A resource's type; a URN's type carries those of its parents before a `$`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def property_kind(change: Change) -> Any:
    """The engine's word for a change."""
    kinds = provider_pb2.PropertyDiff
    plain, replacing = {
        (False, True): (kinds.ADD, kinds.ADD_REPLACE),
        (True, False): (kinds.DELETE, kinds.DELETE_REPLACE),
    }.get((change.had, change.has), (kinds.UPDATE, kinds.UPDATE_REPLACE))
    return replacing if change.replaces else plain
