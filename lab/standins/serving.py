"""How a stand-in serves: on a port of loopback that it prints, until the engine is done with it or gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

WORKERS = 64
"""Calls at once; each resource that waits for its cluster holds one."""
WATCH_SECONDS = 1.0
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve(add: Callable[[grpc.Server], None], ended: Callable[[], None] = lambda: None) -> None:
    """Serves what `add` adds to a server; calls `ended` last, and ends the process."""
    parent = os.getppid()
    # The engine sends both to the whole process group when a person interrupts it, and prints whatever we say then.
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=UNLIMITED)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # An engine that was killed tells nobody; its plugins would stay for ever.
    while not stopped.wait(WATCH_SECONDS) and os.getppid() == parent:
        pass
    ended()
    server.stop(grace=1).wait()
    sys.stdout.flush()
    # A worker may still wait for an answer; the engine has gone, so nobody waits for the worker.
    os._exit(0)
