"""`python -m lab.standins.kubernetes [ENGINE]`: serve the provider on loopback and print the port."""

from __future__ import annotations

import sys

from pulumi.runtime.proto import provider_pb2_grpc

from lab.standins.kubernetes.provider import Provider
from lab.standins.kubernetes.reports import Engine
from lab.standins.serving import serve

if __name__ == "__main__":
    provider = Provider(Engine(next(iter(sys.argv[1:]), None)))
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        provider.cancelled.set,
    )
