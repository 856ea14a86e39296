"""The pack as a process that the engine talks to.

The SDK's `PolicyPack` takes whatever level a config gives. Its servicer is used here directly, since a config that
lowers a rule must be refused in the one call in which the engine tells it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _GRPC_CHANNEL_OPTIONS, _PolicyAnalyzerServicer

from policies import pack
from policies.committed import REPOSITORY
from policies.rules import RULES
from warmlane.errors import ConfigError

WORKERS = 4
"""Calls served at once, as in the SDK."""


class Servicer(_PolicyAnalyzerServicer):
    """Warmlane's rules for one environment."""

    def __init__(self, environment: str, config: Mapping[str, Mapping[str, Any]], refusal: str) -> None:
        """`config` is the environment's own; `refusal` says why the pack can't judge at all, if it can't."""
        self.environment, self.refusal = environment, refusal
        # PulumiPolicy.yaml has the version; this one is what the SDK sends where that names none.
        super().__init__(pack.NAME, "0.0.1", list(RULES), EnforcementLevel.MANDATORY, pack.typed(config))

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name is the engine's
        """Takes what the engine made of all configs; a refusal ends the preview before anything is judged."""
        levels = {rule: _level(given.enforcementLevel) for rule, given in request.policyConfig.items()}
        refusal = self.refusal or pack.refusal(self.environment, levels, [rule.name for rule in RULES])
        if refusal:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal)
        return super().Configure(request, context)  # type: ignore[no-untyped-call]


def _level(number: Any) -> EnforcementLevel:
    return EnforcementLevel[analyzer_pb2.EnforcementLevel.Name(number)]


def serve(variables: Mapping[str, str]) -> None:
    """Prints its port, as the engine expects, and serves until it is killed. `variables` are the process'."""
    environment, config, refusal = pack.environment(variables), dict[str, dict[str, Any]](), ""
    try:
        config = pack.read(REPOSITORY, environment, RULES)
    except ConfigError as error:
        refusal = str(error)
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=_GRPC_CHANNEL_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Servicer(environment, config, refusal), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop(None)
        sys.exit()
