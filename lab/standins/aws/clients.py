"""The provider's configuration, and boto3 clients for the endpoints that it names."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.standins.values import UNKNOWN, Values

CONNECT_SECONDS = 5
READ_SECONDS = 60
WAIT_SECONDS = 600
"""How long a resource may take to become what was asked for, as terraform-provider-aws waits for a NAT gateway."""


class AwsError(Exception):
    """What AWS answered, with its code and message unchanged."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Aws:
    """Clients of one configured provider. Clients are made when first used: each takes a while."""

    region: str = ""
    endpoints: dict[str, str] = field(default_factory=dict)
    default_tags: dict[str, str] = field(default_factory=dict)
    access_key: str = "test"
    secret_key: str = "test"
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ec2(self) -> Any:
        return self._client("ec2")

    @property
    def route53(self) -> Any:
        return self._client("route53")

    @property
    def eks(self) -> Any:
        return self._client("eks")

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        endpoint = self.endpoints.get(service)
        if not endpoint:
            raise AwsError(
                "NoEndpoint",
                f"the provider's configuration has no endpoint for {service}. This is a stand-in for an endpoint of "
                "one's own; for AWS itself install Pulumi's AWS provider (`pulumi plugin install resource aws`)",
            )
        # boto3 takes longer to import than everything else: previews never need it.
        import boto3
        from botocore.config import Config

        keys = {"aws_access_key_id": self.access_key, "aws_secret_access_key": self.secret_key}
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=32,
        )
        session = boto3.Session(region_name=self.region, **keys)
        return session.client(service, endpoint_url=endpoint, config=config)


def configured(settings: Values) -> Aws:
    """Read the provider's settings; nested ones arrive as JSON in a string."""
    plain = {name: _parsed(value) for name, value in settings.items() if value != UNKNOWN}
    endpoints: dict[str, str] = {}
    for entry in plain.get("endpoints") or ():
        endpoints.update({service: url for service, url in entry.items() if url})
    tags = plain.get("defaultTags") or {}
    return Aws(
        region=plain.get("region") or "",
        endpoints=endpoints,
        default_tags=dict(tags.get("tags") or {}),
        access_key=plain.get("accessKey") or "test",
        secret_key=plain.get("secretKey") or "test",
    )


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value


@contextmanager
def answers() -> Iterator[None]:
    """Turn boto3's exceptions into AwsError, as the AWS SDK words them."""
    try:
        yield
    except Exception as problem:
        error = getattr(problem, "response", {}).get("Error") if hasattr(problem, "response") else None
        if error:
            operation = getattr(problem, "operation_name", "")
            code, message = error.get("Code", "Unknown"), error.get("Message", "")
            raise AwsError(code, f"operation error {operation}, api error {code}: {message}") from problem
        if type(problem).__module__.startswith("botocore"):
            raise AwsError("Unreachable", f"{type(problem).__name__}: {problem}") from problem
        raise


def code_of(problem: Exception) -> str:
    """The error code of an exception of boto3, or ""."""
    response = getattr(problem, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def retrying(call: Callable[[], Any], codes: frozenset[str], seconds: float = 30.0) -> Any:
    """Call again while AWS answers with one of the codes, for at most `seconds`."""
    pause, end = 0.1, time.monotonic() + seconds
    while True:
        try:
            return call()
        except Exception as problem:
            if code_of(problem) not in codes or time.monotonic() > end:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 5)


def waiting(look: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Look until it is so. Raises AwsError after `seconds`."""
    pause, end = 0.05, time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            raise AwsError("Timeout", f"{what} took longer than {seconds:.0f} s")
        time.sleep(pause)
        pause = min(pause * 2, 5)
