"""The language host, spoken to as the engine speaks to it, without an engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, language_pb2_grpc, resource_pb2
from pulumi.runtime.proto import resource_pb2_grpc as resource_grpc

from lab import standins

SECONDS = 60


@dataclass
class Said:
    """What a program told the engine."""

    errors: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    registered: list[str] = field(default_factory=list)


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, said: Said) -> None:
        self.said = said
        self.root = ""

    def Log(self, request: Any, context: Any) -> Any:
        if request.severity == engine_pb2.ERROR:
            self.said.errors.append(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(self, request: Any, context: Any) -> Any:
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()


class Monitor(resource_grpc.ResourceMonitorServicer):
    def __init__(self, said: Said) -> None:
        self.said = said

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=False)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        self.said.registered.append(request.type)
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:test::probe::{request.type}::{request.name}")

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        self.said.outputs.update(dict(request.outputs.items()))
        return empty_pb2.Empty()


@dataclass
class Host:
    """A running language host and the engine that it talks to."""

    process: subprocess.Popen[str]
    stub: Any
    directory: Path
    said: Said
    address: str

    def info(self, virtualenv: str | None = sys.prefix, program: str = "program") -> Any:
        options = struct_pb2.Struct()
        if virtualenv:
            options.update({"virtualenv": virtualenv})
        return language_pb2.ProgramInfo(
            root_directory=str(self.directory),
            program_directory=str(self.directory / program),
            entry_point=".",
            options=options,
        )

    def run(self, text: str, config: dict[str, str] | None = None, **info: Any) -> Any:
        """Runs a program of this text and gives the host's answer."""
        (self.directory / "program").mkdir(exist_ok=True)
        (self.directory / "program" / "__main__.py").write_text(text)
        request = language_pb2.RunRequest(
            project="probe",
            stack="test",
            pwd=str(self.directory / "program"),
            config=config or {},
            monitor_address=self.address,
            organization="organization",
            info=self.info(**info),
            parallel=4,
        )
        return self.stub.Run(request, timeout=SECONDS)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Ends the host by a signal: exit code and what it had written."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    said = Said()
    server = grpc.server(ThreadPoolExecutor(8))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(said), server)
    resource_grpc.add_ResourceMonitorServicer_to_server(Monitor(said), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    standins.install(tmp_path / "bin", Path(sys.executable))
    process = subprocess.Popen(
        [tmp_path / "bin" / "pulumi-language-python", "--root=.", address],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Host(process, language_pb2_grpc.LanguageRuntimeStub(channel), tmp_path, said, address)
    process.kill()
    process.communicate()
    server.stop(grace=0).wait()
