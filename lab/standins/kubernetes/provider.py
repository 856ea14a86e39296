"""The provider's side of Pulumi's resource provider protocol (`provider.proto`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from lab.standins.kubernetes import declared, objects
from lab.standins.kubernetes.api import Api, Object
from lab.standins.kubernetes.connection import KubeconfigError, connection, place
from lab.standins.kubernetes.reports import Engine
from lab.standins.kubernetes.resources import Cluster, Refused, Told, Unready
from lab.standins.kubernetes.secret_values import Path, in_outputs, marked, secret_paths
from lab.standins.protocol import Status, property_kind, type_token
from lab.standins.values import from_struct, has_unknown

MUTABLE = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}
INTERNAL = "__"
"""Keys of the state that begin so are the provider's own."""
NOT_SERVED = ("kubernetes:helm.sh/", "kubernetes:yaml:", "kubernetes:yaml/", "kubernetes:kustomize")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Every kind that the API server serves."""

    def __init__(self, engine: Engine) -> None:
        self.cancelled = threading.Event()
        self._engine = engine
        self._settings: dict[str, Any] = {}
        self._connected: Cluster | None = None
        self._lock = threading.Lock()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi-kubernetes"))

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = {"name": "kubernetes", "version": metadata.version("pulumi-kubernetes")}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.cancelled.set()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        _stop(context, f"The stand-in for the Kubernetes provider has no function {request.tok}.")

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        failures = []
        if _settings(request.news).get("enableServerSideApply") is False:
            reason = "the stand-in works by server-side apply only; leave enableServerSideApply out or true"
            failures.append(provider_pb2.CheckFailure(property="enableServerSideApply", reason=reason))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old_struct = request.old_inputs if request.HasField("old_inputs") else request.olds
        olds, news = _settings(old_struct), _settings(request.news)
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version")
        kinds = provider_pb2.DiffResponse
        return kinds(
            changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE,
            diffs=changed,
            replaces=changed if _another_cluster(olds, news) else [],
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._settings = _settings(request.args)
        self._connected = None
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, secrets = type_token(request.urn), secret_paths(request.news)
        wanted, olds = from_struct(request.news), from_struct(request.olds)
        failures = []
        if token.startswith(NOT_SERVED) or token.endswith(("Patch", "List")) or "apiVersion" not in wanted:
            reason = f"The stand-in for the Kubernetes provider makes single objects, not {token}."
            _stop(context, f"{reason} Install Pulumi's Kubernetes provider for those.")
        if objects.at(wanted, "metadata", "generateName"):
            reason = "metadata.generateName does not go with server-side apply; leave it out for a random name"
            failures.append(provider_pb2.CheckFailure(property="metadata.generateName", reason=reason))
        named = objects.named(wanted, olds, request.urn.rsplit("::", 1)[-1], request.randomSeed)
        return provider_pb2.CheckResponse(inputs=marked(named, secrets), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = self._old_inputs(request), from_struct(request.news)
        mutable = frozenset(kind for key, kind in MUTABLE.items() if self._settings.get(key) is True)
        found = [change for change in objects.changes(old, new, mutable) if change.key not in request.ignoreChanges]
        replaced = [change for change in found if change.replaces]
        kinds = provider_pb2.DiffResponse
        return kinds(
            changes=kinds.DIFF_SOME if found else kinds.DIFF_NONE,
            diffs=sorted({str(change.path[0]) for change in found}),
            replaces=sorted({str(change.path[0]) for change in replaced}),
            deleteBeforeReplace=bool(replaced) and objects.delete_first(old, new),
            detailedDiff={
                change.key: provider_pb2.PropertyDiff(kind=property_kind(change), inputDiff=True) for change in found
            },
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        wanted, secrets = from_struct(request.properties), secret_paths(request.properties)
        manager, told = objects.manager(request.urn, wanted, {}), self._told(request.urn)
        if request.preview:
            self._foresee(context, wanted, manager, created=True, told=told)
            outputs = marked(wanted, in_outputs(secrets, wanted["kind"]))
            return provider_pb2.CreateResponse(properties=outputs)
        with _refusals(context):
            try:
                live = self._cluster().create(wanted, manager, request.timeout, told)
            except Unready as error:
                _half_made(context, error, wanted, secrets, manager)
        return provider_pb2.CreateResponse(
            id=objects.identifier(live), properties=_state(live, wanted, secrets, manager)
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        wanted, secrets = from_struct(request.news), secret_paths(request.news)
        state = from_struct(request.olds)
        manager, told = objects.manager(request.urn, wanted, state), self._told(request.urn)
        if request.preview:
            self._foresee(context, wanted, manager, created=False, told=told)
            shown = {key: value for key, value in state.items() if not key.startswith(INTERNAL)}
            hidden = in_outputs(secrets | secret_paths(request.olds), wanted["kind"])
            left = objects.foreseen(shown, self._old_inputs(request), wanted)
            return provider_pb2.UpdateResponse(properties=marked(left, hidden))
        with _refusals(context):
            try:
                live = self._cluster().update(wanted, manager, request.timeout, told)
            except Unready as error:
                _half_made(context, error, wanted, secrets, manager)
        return provider_pb2.UpdateResponse(properties=_state(live, wanted, secrets, manager))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, state = from_struct(request.inputs), from_struct(request.properties)
        secrets = secret_paths(request.inputs) | secret_paths(request.properties)
        place_of = state if "metadata" in state else inputs if "metadata" in inputs else _by_id(request)
        manager = objects.manager(request.urn, inputs, state)
        with _refusals(context):
            live = self._cluster().read(place_of)
            if live is None:
                return provider_pb2.ReadResponse()
            fresh = self._cluster().refreshed(inputs, live, manager) if inputs else declared.imported(live)
        secrets = {path for path in secrets if not str(path[0]).startswith(INTERNAL)}
        try:
            self._cluster().check_ready(live)
        except Unready as error:
            _half_made(context, error, fresh, secrets, manager)
        hidden = secrets if inputs else in_outputs(secrets, live["kind"])
        return provider_pb2.ReadResponse(
            id=objects.identifier(live),
            properties=_state(live, fresh, secrets, manager),
            inputs=marked(fresh, hidden),
        )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        state = from_struct(request.properties)
        with _refusals(context):
            self._cluster().delete(state, request.timeout, self._told(request.urn))
        return empty_pb2.Empty()

    def _cluster(self) -> Cluster:
        with self._lock:
            if self._connected is None:
                api = Api(connection(self._settings), lambda: connection(self._settings))
                self._connected = Cluster(api, self._settings, self.cancelled)
            return self._connected

    def _foresee(
        self, context: grpc.ServicerContext, wanted: Object, manager: str, *, created: bool, told: Told
    ) -> None:
        if has_unknown(wanted):
            return
        with _refusals(context):
            self._cluster().foresee(wanted, manager, created=created, told=told)

    def _told(self, urn: str) -> Told:
        def warn(message: str) -> None:
            if not (self._settings.get("suppressDeprecationWarnings") and "deprecated" in message):
                self._engine.warn(urn, message)

        return Told(lambda message: self._engine.status(urn, message), warn)

    def _old_inputs(self, request: Any) -> Object:
        if request.HasField("old_inputs"):
            return from_struct(request.old_inputs)
        return dict(from_struct(request.olds).get("__inputs") or {})


@contextmanager
def _refusals(context: grpc.ServicerContext) -> Iterator[None]:
    """Ends the call with what a cluster refused."""
    try:
        yield
    except (Refused, KubeconfigError) as error:
        _stop(context, str(error))


def _settings(struct: Any) -> dict[str, Any]:
    """A provider's settings; the SDK hands everything but strings over as JSON."""
    values = {key: value for key, value in from_struct(struct).items() if value is not None}
    return {key: value == "true" if value in ("true", "false") else value for key, value in values.items()}


def _another_cluster(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Whether changed settings mean another cluster, whose objects would be others."""
    identifiers = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if all(identifiers):
        return identifiers[0] != identifiers[1]
    if any(olds.get(key) != news.get(key) for key in ("context", "cluster")):
        return True
    try:
        return olds.get("kubeconfig") != news.get("kubeconfig") and place(olds) != place(news)
    except (KubeconfigError, KeyError, TypeError):
        return True


def _state(live: Object, inputs: Object, secrets: Iterable[Path], manager: str) -> Any:
    """An object as the engine keeps it: all that the server shows but who manages what, and how it was made."""
    kept = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    own = {"__fieldManager": manager, "__initialApiVersion": live["apiVersion"], "__inputs": inputs}
    hidden = in_outputs(secrets, live["kind"])
    return marked({**live, "metadata": kept, **own}, hidden | {("__inputs", *path) for path in hidden})


def _by_id(request: Any) -> Object:
    """An object that is only known by its id, as in an import: its kind is in the type's token."""
    _, module, kind = type_token(request.urn).split(":")
    namespace, _, name = request.id.rpartition("/")
    metadata_ = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": module.removeprefix("core/"), "kind": kind, "metadata": metadata_}


def _half_made(
    context: grpc.ServicerContext, error: Unready, inputs: Object, secrets: set[Path], manager: str
) -> NoReturn:
    """Tells the engine that an object exists but is not ready, so that it is in the state and the next `up` looks."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=objects.identifier(error.live),
        properties=_state(error.live, inputs, secrets, manager),
        inputs=marked(inputs, secrets),
        reasons=[str(error)],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    context.abort_with_status(Status(grpc.StatusCode.UNKNOWN, str(error), trailing))
    raise AssertionError("abort_with_status raises")


def _stop(context: grpc.ServicerContext, message: str) -> NoReturn:
    """Ends the call with an error."""
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")
