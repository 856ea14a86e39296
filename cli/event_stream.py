"""Receives the engine's events while it runs.

The engine writes its event log to a file or to a gRPC stream. A file is emptied when an update follows its preview, and
with it what nobody has read yet; so this is a stream. An engine whose stream breaks goes on without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import events_pb2_grpc

LOOPBACK = "127.0.0.1"


class _Events(events_pb2_grpc.EventsServicer):
    def __init__(self, take: Callable[[dict[str, Any]], None]) -> None:
        self._take = take

    def StreamEvents(self, request_iterator: Iterator[Any], context: Any) -> Empty:
        for request in request_iterator:
            self._take(json.loads(request.event))
        return Empty()


@contextmanager
def listening(take: Callable[[dict[str, Any]], None]) -> Iterator[str]:
    """Serves while the block runs and hands each event to `take`, one at a time; gives the value of `--event-log`."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    events_pb2_grpc.add_EventsServicer_to_server(_Events(take), server)
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield f"tcp://{LOOPBACK}:{port}"
    finally:
        # What the engine sent before it ended is still on its way through the server.
        server.stop(grace=2).wait()
