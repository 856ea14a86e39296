"""The shape of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Protocol

from lab.aws.pool import ElasticPool
from lab.aws.quotas import Quotas

ERRORS = "Error codes for the Amazon EC2 API (EC2 API reference)"
"""The page that lists EC2's error codes, the source of most rows."""


class Account(Protocol):
    """What a check may look at beside the backend that was called."""

    quotas: Quotas
    pool: ElasticPool

    def addresses_taken(self) -> set[IPv4Address]:
        """Elastic addresses allocated in any Region."""

    def backend(self, service: str, region: str) -> Any:
        """moto's backend of another service."""


@dataclass(frozen=True)
class Call:
    """One call of a method of moto's backend, before it runs."""

    operation: str
    backend: Any
    arguments: Mapping[str, Any]
    account: Account


Check = Callable[[Call], Mapping[str, object] | None]
"""The fields of the message when the call is refused, else None."""


@dataclass(frozen=True)
class Refusal:
    """Something that AWS refuses.

    `code` and `message` are AWS' own; `message` is a format over the fields that `check` gives. `later` means that AWS
    accepts the call and the resource ends in state `failed` with this code, as NAT gateways do.
    """

    key: str
    operations: tuple[str, ...]
    code: str
    message: str
    source: str
    check: Check
    later: bool = False
