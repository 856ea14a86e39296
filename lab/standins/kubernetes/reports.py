"""What the provider tells a person beside its answers: warnings, and what a long wait is waiting for."""

from __future__ import annotations

from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Engine:
    """The engine's log. An engine that has gone is no reason to fail."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._stub: Any = None
        self._warned = set[tuple[str, str]]()

    def status(self, urn: str, message: str) -> None:
        """Shows a line beside the resource until the next one replaces it."""
        self._log(engine_pb2.INFO, urn, message, ephemeral=True)

    def warn(self, urn: str, message: str) -> None:
        """Shows a warning of a resource, once."""
        if (urn, message) not in self._warned:
            self._warned.add((urn, message))
            self._log(engine_pb2.WARNING, urn, message, ephemeral=False)

    def _log(self, severity: Any, urn: str, message: str, *, ephemeral: bool) -> None:
        if not self._address:
            return
        if self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=5)
        except grpc.RpcError:
            self._address = None
