"""`python -m lab.standins.aws [ENGINE]`: serve the provider on loopback and print the port, as the engine expects."""

from __future__ import annotations

from pulumi.runtime.proto import provider_pb2_grpc

from lab.standins.aws.provider import Provider
from lab.standins.serving import serve

if __name__ == "__main__":
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server))
