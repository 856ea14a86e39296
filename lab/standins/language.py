"""`pulumi-language-python [ENGINE]`: a stand-in for Pulumi's Python language host.

Programs and policy packs run in child processes of the interpreter that their project names; this process only serves.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from lab.standins.program import REPORTED
from lab.standins.serving import serve

PROGRAM = Path(__file__).with_name("program.py")
ANALYZER = "analyzer"
PACKAGES = (
    "import json; from importlib import metadata; "
    "print(json.dumps(sorted({(one.metadata['Name'], one.version) for one in metadata.distributions()})))"
)


class Language(language_pb2_grpc.LanguageRuntimeServicer):
    """The language host's side of Pulumi's language runtime protocol (`language.proto`)."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children = set[subprocess.Popen[bytes]]()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter(request.info, context)
        asked = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
        return language_pb2.AboutResponse(executable=python, version=asked.stdout.strip().removeprefix("Python "))

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        # Named packages would be downloaded; the engine finds the providers on PATH when the program asks for them.
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter(request.info, context)
        asked = subprocess.run([python, "-P", "-c", PACKAGES], capture_output=True, check=False)
        found = json.loads(asked.stdout or b"[]")
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        text = f"Nothing to install: this stand-in runs programs with {interpreter(request.info, context)} as it is.\n"
        yield language_pb2.InstallDependenciesResponse(stdout=text.encode())

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.TemplateResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.stop()
        return empty_pb2.Empty()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter(request.info, context)
        request.args[:] = [self.engine]
        # What the program prints goes out as ours, where the engine reads it. The request carries decrypted config, so
        # it goes through a pipe.
        child = self._start([python, "-u", "-P", str(PROGRAM)], context, stdin=subprocess.PIPE)
        try:
            child.communicate(request.SerializeToString())
        finally:
            self.children.discard(child)
        if child.returncode == REPORTED:
            return language_pb2.RunResponse(bail=True)
        error = f"the program ended with exit code {child.returncode}" if child.returncode else ""
        return language_pb2.RunResponse(error=error)

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        if request.kind != ANALYZER:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED, f"this stand-in runs policy packs, not plugins of kind {request.kind!r}"
            )
        # The engine adds the pack's runtime options as flags, which the SDK's runner does not know.
        engine = [argument for argument in request.args if not argument.startswith("-")]
        child = self._start(
            [
                interpreter(request.info, context),
                "-u",
                "-m",
                "pulumi.policy",
                *engine,
                request.info.program_directory,
            ],
            context,
            cwd=request.pwd,
            env={**os.environ, **dict(variable.partition("=")[::2] for variable in request.env)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            for stream, text in _output(child):
                response = language_pb2.RunPluginResponse
                yield response(stdout=text) if stream == "stdout" else response(stderr=text)
            yield language_pb2.RunPluginResponse(exitcode=child.wait())
        finally:
            child.terminate()
            self.children.discard(child)

    def _start(self, command: list[str], context: grpc.ServicerContext, **options: Any) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, **options)
        self.children.add(child)
        # Also called at the end of every call, when the child has ended by itself.
        context.add_callback(child.terminate)
        return child

    def stop(self) -> None:
        """Ends every program and pack that still runs."""
        for child in list(self.children):
            child.terminate()


def interpreter(info: Any, context: grpc.ServicerContext) -> str:
    """The Python of a project: that of its virtual environment, else the one which runs this."""
    environment = info.options.fields["virtualenv"].string_value if "virtualenv" in info.options.fields else ""
    if not environment:
        return sys.executable
    directory = Path(info.root_directory, environment)
    python = directory / "bin" / "python"
    if not python.exists():
        message = f"there is no virtual environment at {directory}, which the project names; `make .venv` makes it"
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
    return str(python)


def _output(child: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """What a child writes, as it comes: ("stdout" or "stderr", bytes)."""
    written: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def pump(name: str, pipe: IO[bytes]) -> None:
        while text := os.read(pipe.fileno(), 65536):
            written.put((name, text))
        written.put((name, b""))

    pipes = {name: pipe for name, pipe in (("stdout", child.stdout), ("stderr", child.stderr)) if pipe is not None}
    for name, pipe in pipes.items():
        threading.Thread(target=pump, args=(name, pipe), daemon=True).start()
    unfinished = set(pipes)
    while unfinished:
        name, text = written.get()
        if text:
            yield name, text
        else:
            unfinished.discard(name)


def main() -> None:
    # The engine puts flags such as --root before its address.
    language = Language(next((argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-")), ""))
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language, server), language.stop)


if __name__ == "__main__":
    main()
