"""`python -m lab.standins.aws [ENGINE]`: serve the provider on loopback and print the port, as the engine expects."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from lab.standins.aws.provider import Provider

WORKERS = 32
"""Resources that the engine may work on at once; each mostly waits for an answer."""


def main() -> None:
    # The engine sends both to the whole process group when a person interrupts it, and prints whatever we say then.
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=unlimited)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    stopped.wait()
    server.stop(grace=1).wait()
    sys.stdout.flush()
    # A worker may still wait for an answer; the engine has gone, so nobody waits for the worker.
    os._exit(0)


if __name__ == "__main__":
    main()
