"""The pack as a process that the engine talks to.

The SDK's `PolicyPack` takes whatever level a config gives. Its servicer is used here directly, since a config that
lowers a rule must be refused in the one call in which the engine tells it.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy.policy import _GRPC_CHANNEL_OPTIONS

from policies.servicer import Servicer

STACK_VARIABLE = "PULUMI_STACK"
"""Names the stack to a pack that the engine does not tell (`policy analyze`); what the engine tells comes over it."""
WORKERS = 4
"""Calls served at once, as in the SDK."""


def serve(variables: Mapping[str, str]) -> None:
    """Prints its port, as the engine expects, and serves until it is killed. `variables` are the process'."""
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=_GRPC_CHANNEL_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Servicer(variables.get(STACK_VARIABLE, "")), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # Modules stay as long as the process; the collector need not look at them again and again.
    gc.freeze()
    gc.enable()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop(None)
        sys.exit()
