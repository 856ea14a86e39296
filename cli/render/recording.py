"""Runs a Pulumi program against mocks and keeps what it registers, as the engine would hand it to a policy pack.

The program runs as the language host runs it in a first preview: every computed value and every new id is unknown.
Pulumi's runtime keeps its settings and its root stack per context and its event loop per thread, so each run gets a new
context and a thread of its own, and leaves nothing behind: a process can record one stack after the other.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

ORGANIZATION = "organization"
"""The organization of every stack in a backend without organizations."""
STACK_TYPE = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
BUILT_IN_PROVIDER = ("pulumi:providers:pulumi", "default")
"""Type and name of the provider that the engine adds where a program reads another stack."""


class Refusal(Exception):
    """A program refused to register something; the text is for the person."""


@dataclass
class Registration:
    """A resource as a program registered it, in the words of the engine's protocol.

    `inputs` and `outputs` are the protocol's values as JSON: numbers are floats, and secrets and unknown values carry
    Pulumi's marks. Outputs of a component, and of the stack itself, are what it registered at its end; what a provider
    would compute is not there.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool | None
    secret_outputs: tuple[str, ...]
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, tuple[str, ...]]


@dataclass
class Recording:
    """What one program registered, in its order, and what it logged as warning or error."""

    stack: str
    project: str
    registrations: list[Registration] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Monitor(mocks.MockMonitor):
    """Stands where the engine's resource monitor is; answers with the inputs and nothing computed.

    Pulumi's own mock would take each resource apart and put it together again for a test's eyes; here it stays as it
    came.
    """

    def __init__(self, recording: Recording, answers: Mapping[str, Any]) -> None:
        self.recording = recording
        self.answers = answers
        self.by_urn: dict[str, Registration] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's URN, which names the types of all parents but the stack."""
        above = parent.split("::")[2] if parent else STACK_TYPE
        chain = type_ if above == STACK_TYPE else f"{above}${type_}"
        return f"urn:pulumi:{self.recording.stack}::{self.recording.project}::{chain}::{name}"

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802 - gRPC's name
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.by_urn:
            raise Refusal(f"Two resources have the URN {urn}. Give one of them another name.")
        inputs = json_format.MessageToDict(request.object)
        made = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            provider=request.provider,
            inputs=inputs,
            outputs=inputs if request.custom else {},
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            ignore_changes=tuple(request.ignoreChanges),
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            secret_outputs=tuple(request.additionalSecretOutputs),
            dependencies=tuple(request.dependencies),
            property_dependencies={key: tuple(found.urns) for key, found in request.propertyDependencies.items()},
        )
        self.by_urn[urn] = made
        self.recording.registrations.append(made)
        # An empty id is an unknown one.
        return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - gRPC's name
        """Answers a StackReference; nothing else is read by a program."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != STACK_REFERENCE:
            raise Refusal(f"The program reads {request.type} {request.name}, and render knows nothing that exists.")
        self._add_built_in_provider()
        properties = struct_pb2.Struct()
        properties.CopyFrom(request.properties)
        properties["outputs"] = dict(self.answers)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=properties)

    def _add_built_in_provider(self) -> None:
        type_, name = BUILT_IN_PROVIDER
        urn = self.make_urn("", type_, name)
        if urn not in self.by_urn:
            given: dict[str, Any] = {}
            self.by_urn[urn] = Registration(
                urn, type_, name, True, "", "", given, given, False, False, (), None, (), (), {}
            )
            self.recording.registrations.append(self.by_urn[urn])

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        self.by_urn[request.urn].outputs = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - gRPC's name
        why = provider_pb2.CheckFailure(reason=f"the program calls {request.tok}, and render asks no provider")
        return resource_pb2.ResourceInvokeResponse(failures=[why])


class _Log:
    """Stands where the engine's log is."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def Log(self, request: Any) -> None:  # noqa: N802 - gRPC's name
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self.recording.warnings.append(request.message)


class _Here(ThreadPoolExecutor):
    """Runs at once what the runtime would hand to a thread: nothing here waits for anybody, and a thread knows no
    context."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done = Future[Any]()
        try:
            done.set_result(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as ThreadPoolExecutor does; the caller gets it from the future
            done.set_exception(error)
        return done


def record(
    program: Callable[[], object], project: str, stack_name: str, answers: Mapping[str, Any] | None = None
) -> Recording:
    """What a program registers in a first preview. `answers` are the outputs that any StackReference shows.

    Raises what the program raises.
    """
    recording = Recording(stack_name, project)
    with without_collector(), _without_source_positions(), ThreadPoolExecutor(max_workers=1) as own:
        own.submit(contextvars.Context().run, _run, program, recording, answers or {}).result()
    return recording


@contextmanager
def without_collector() -> Iterator[None]:
    """Without Python's search for cycles.

    It finds nothing, as everything that a program or its verdicts are made of lives until they are done; with 1,000
    lanes it would take two thirds of a program's time (measured), and grow faster than the stack.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _without_source_positions() -> Iterator[None]:
    """The runtime tells the engine where each resource was declared, and nobody needs that here.

    It walks up the stack and looks at every source file on the way, most of the time without the collector (measured).
    """
    limit = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        if limit is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = limit


def _run(program: Callable[[], object], recording: Recording, answers: Mapping[str, Any]) -> None:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Here(max_workers=1))
    # What a failed program left unfinished would be told again, by the log, when it is collected.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        settings.configure(
            settings.Settings(
                project=recording.project,
                stack=recording.stack,
                monitor=Monitor(recording, answers),
                engine=_Log(recording),
                dry_run=True,
                organization=ORGANIZATION,
            )
        )
        loop.run_until_complete(stack.run_in_stack(lambda: _called(program)))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _called(program: Callable[[], object]) -> None:
    """The program's value is its own business; the runtime would await it."""
    program()
