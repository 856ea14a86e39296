"""The provider's side of Pulumi's resource provider protocol (`provider.proto`)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from lab.standins.aws import changes
from lab.standins.aws.clients import Aws, AwsError, answers, configured
from lab.standins.aws.rows import ResourceType, Unfinished
from lab.standins.aws.tables import TABLE
from lab.standins.protocol import Status, property_kind, type_token
from lab.standins.values import Values, from_struct, to_struct


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The AWS provider over the rows of TABLE."""

    def __init__(self) -> None:
        self.aws = Aws()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi-aws"))

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds = from_struct(request.old_inputs if request.HasField("old_inputs") else request.olds)
        news = from_struct(request.news)
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version")
        # Another Region is another set of resources; anything else leaves them where they are.
        replaces = [key for key in changed if key == "region"]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.aws = configured(from_struct(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True, acceptResources=False)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        message = f"The stand-in for the AWS provider has no function {request.tok}."
        _stop(context, grpc.StatusCode.UNIMPLEMENTED, message)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        name = request.urn.rsplit("::", 1)[-1]
        given, olds = from_struct(request.news), from_struct(request.olds)
        inputs, problems = changes.check(row, given, olds, name, request.randomSeed)
        failures = [provider_pb2.CheckFailure(property=problem.key, reason=problem.reason) for problem in problems]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        wanted = changes.with_all_tags(row, from_struct(request.news), self.aws.default_tags)
        found = [
            change
            for change in changes.changes(row, from_struct(request.olds), wanted)
            if change.key not in request.ignoreChanges
        ]
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if found else kinds.DIFF_NONE,
            diffs=[change.key for change in found],
            replaces=[change.key for change in found if change.replaces],
            detailedDiff={change.key: provider_pb2.PropertyDiff(kind=property_kind(change)) for change in found},
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        inputs = from_struct(request.properties)
        wanted = changes.with_all_tags(row, inputs, self.aws.default_tags)
        if request.preview:
            outputs = changes.foreseen(row, wanted, None, self.aws.region)
            return provider_pb2.CreateResponse(properties=to_struct(outputs))
        try:
            resource_id = self._do(context, f"creating {row.token}", lambda: row.create(self.aws, wanted))
        except Unfinished as unfinished:
            self._unfinished(context, row, unfinished, inputs, wanted)
        state = self._read(context, row, resource_id, wanted)
        if state is None:
            _stop(context, grpc.StatusCode.UNKNOWN, f"creating {row.token}: {resource_id} was gone right afterwards")
        return provider_pb2.CreateResponse(id=resource_id, properties=to_struct(state))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        known, inputs = from_struct(request.properties), from_struct(request.inputs)
        resource_id, adopt = request.id, row.adopt
        if adopt is not None and not known and not inputs:
            what = f"reading {row.token} ({request.id})"
            adopted = self._do(context, what, lambda: adopt(self.aws, request.id), row.gone)
            if adopted is None:
                return provider_pb2.ReadResponse()
            resource_id, known = adopted
        state = self._read(context, row, resource_id, known or inputs)
        if state is None:
            return provider_pb2.ReadResponse()
        fresh = changes.refreshed(row, inputs, state) if inputs else changes.imported(row, state)
        return provider_pb2.ReadResponse(id=resource_id, properties=to_struct(state), inputs=to_struct(fresh))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        olds = from_struct(request.olds)
        wanted = changes.with_all_tags(row, from_struct(request.news), self.aws.default_tags)
        if request.preview:
            outputs = changes.foreseen(row, wanted, olds, self.aws.region)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        update = row.update
        if update is None:
            _stop(context, grpc.StatusCode.UNIMPLEMENTED, f"{row.token} can only be replaced")
        what = f"updating {row.token} ({request.id})"
        self._do(context, what, lambda: update(self.aws, request.id, olds, wanted))
        state = self._read(context, row, request.id, olds | wanted)
        if state is None:
            _stop(context, grpc.StatusCode.NOT_FOUND, f"{what}: it is gone")
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        row = _row(request.urn, context)
        state = from_struct(request.properties)
        what = f"deleting {row.token} ({request.id})"
        self._do(context, what, lambda: row.delete(self.aws, request.id, state), row.gone)
        return empty_pb2.Empty()

    def _read(self, context: grpc.ServicerContext, row: ResourceType, resource_id: str, known: Values) -> Values | None:
        """A resource's outputs, or None when it is gone."""
        what = f"reading {row.token} ({resource_id})"
        found: Values | None = self._do(context, what, lambda: row.read(self.aws, resource_id, known), row.gone)
        if found is None:
            return None
        unread = {key: known.get(key) for key, given in row.known.items() if given.unread}
        region = {"region": known.get("region") or self.aws.region} if row.regional else {}
        state = {**unread, **found, **region}
        return changes.own_tags(row, state, known, self.aws.default_tags)

    def _do(
        self,
        context: grpc.ServicerContext,
        what: str,
        call: Callable[[], Any],
        gone: frozenset[str] = frozenset(),
    ) -> Any:
        """Call AWS; what it answers becomes the engine's message, code and text unchanged. None when `gone`."""
        try:
            with answers():
                return call()
        except AwsError as error:
            if error.code in gone:
                return None
            _stop(context, grpc.StatusCode.UNKNOWN, f"{what}: {error}")

    def _unfinished(
        self,
        context: grpc.ServicerContext,
        row: ResourceType,
        unfinished: Unfinished,
        inputs: Values,
        wanted: Values,
    ) -> NoReturn:
        """Tell the engine that the resource exists but failed, so that it is in its state and can be deleted."""
        state = self._read(context, row, unfinished.resource_id, wanted) or {}
        detail = provider_pb2.ErrorResourceInitFailed(
            id=unfinished.resource_id,
            properties=to_struct(state),
            inputs=to_struct(inputs),
            reasons=[f"creating {row.token}: {unfinished.reason}"],
        )
        message = f"creating {row.token}: {unfinished.reason}"
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        status.details.add().Pack(detail)
        trailing = (("grpc-status-details-bin", status.SerializeToString()),)
        context.abort_with_status(Status(grpc.StatusCode.UNKNOWN, message, trailing))
        raise AssertionError("abort_with_status raises")


def _stop(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    """End the call with an error."""
    context.abort(code, message)
    raise AssertionError("abort raises")


def _row(urn: str, context: grpc.ServicerContext) -> ResourceType:
    """The row of a resource's type."""
    row = TABLE.get(type_token(urn))
    if row is None:
        _stop(
            context,
            grpc.StatusCode.UNIMPLEMENTED,
            f"The stand-in for the AWS provider has no row for {type_token(urn)}. It knows {', '.join(sorted(TABLE))}. "
            "Add a row with its source to lab/standins/aws, or install Pulumi's AWS provider.",
        )
    return row
