"""Making, changing, reading and deleting one object on an API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.standins.kubernetes import declared, objects
from lab.standins.kubernetes.api import Api, ApiError, Object
from lab.standins.kubernetes.waits import DEFAULT_SECONDS, NotReady, Waiter, causes, unready

PROPAGATION = "Foreground"
"""Dependents go first: a Deployment is gone when its pods are."""
MISSING_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Pauses before an object is tried again whose namespace or kind is not there yet, as another resource may make it."""


class Refused(Exception):
    """An object was not made, changed or deleted; the text is for a person."""


class Unready(Exception):
    """An object was made or changed and is not ready; `live` is how it is."""

    def __init__(self, message: str, live: Object) -> None:
        super().__init__(message)
        self.live = live


@dataclass(frozen=True)
class Told:
    """Where to say what a long call is doing, and what the API server warns of."""

    status: Callable[[str], None]
    warn: Callable[[str], None]


class Cluster:
    """Objects on one API server, with a provider's settings."""

    def __init__(self, api: Api, settings: Mapping[str, Any], cancelled: threading.Event) -> None:
        self.api = api
        self._settings = settings
        self._cancelled = cancelled

    def path(self, shown: Object) -> str:
        """Where an object is. Raises ApiError 404 when its kind is not served."""
        kind = self.api.kind(shown["apiVersion"], shown["kind"])
        metadata = shown["metadata"]
        return kind.path(metadata.get("namespace") or self.api.connection.namespace, metadata["name"])

    def foresee(self, wanted: Object, manager: str, *, created: bool, told: Told) -> None:
        """Asks the API server whether it would accept an object. Raises Refused."""
        try:
            path = self.path(wanted)
            live = self.api.find(path)
            if created and live is not None and objects.managed_by(live, manager):
                # It is about to be replaced, or was made by an engine that was killed: the old one says nothing.
                return
            if created and live is not None:
                self._refuse_existing(wanted, manager, live)
            self._apply(path, wanted, manager, dry_run=True, told=told)
        except ApiError as error:
            # A namespace, a kind or the cluster itself may still have to be made.
            if error.unreachable:
                told.warn(str(error))
            elif error.status != 404:
                raise Refused(_refusal("would not be accepted", wanted, error)) from None

    def create(self, wanted: Object, manager: str, seconds: float, told: Told) -> Object:
        """Makes an object and waits for it. Raises Refused, Unready."""
        waiter = self._waiter(wanted, seconds, told)

        def make() -> tuple[str, Object]:
            path = self.path(wanted)
            live = self.api.find(path)
            if live is not None and live["metadata"].get("deletionTimestamp"):
                waiter.until_gone(path, live["metadata"]["uid"])
            elif live is not None:
                self._refuse_existing(wanted, manager, live)
            return path, self._apply(path, wanted, manager, dry_run=False, told=told)

        try:
            path, live = self._patiently(make, told)
        except (ApiError, NotReady) as error:
            raise Refused(_refusal("was not created", wanted, error)) from None
        return self._ready(wanted, path, live, waiter)

    def update(self, wanted: Object, manager: str, seconds: float, told: Told) -> Object:
        """Changes an object and waits for it. Raises Refused, Unready."""
        try:
            path = self.path(wanted)
            live = self._apply(path, wanted, manager, dry_run=False, told=told)
        except ApiError as error:
            raise Refused(_refusal("was not updated", wanted, error)) from None
        return self._ready(wanted, path, live, self._waiter(wanted, seconds, told))

    def read(self, shown: Object) -> Object | None:
        """An object as it is, or None. Raises Refused."""
        try:
            return self.api.find(self.path(shown))
        except ApiError as error:
            if error.status == 404:
                return None
            raise Refused(_refusal("can't be read", shown, error)) from None

    def refreshed(self, inputs: Object, live: Object, manager: str) -> Object:
        """The inputs with the values that the live object has now."""
        try:
            applied = self.api.apply(self.path(live), inputs, manager=manager, force=True, dry_run=True)
        except ApiError:
            applied = {}
        one, other = (declared.with_string_data(shown, inputs) for shown in (live, applied))
        found: Object = declared.declared(inputs, one, other, declared.fields(live))
        return found

    def check_ready(self, live: Object) -> None:
        """Looks once whether an object is ready. Raises Unready."""
        if objects.is_set(live, objects.SKIP_AWAIT):
            return
        try:
            waiting = unready(self.api, live)
        except (NotReady, ApiError) as error:
            waiting = str(error)
        if waiting is not None:
            raise self._unready(live, waiting)

    def delete(self, state: Object, seconds: float, told: Told) -> None:
        """Deletes an object and waits until it is gone. Raises Refused."""
        uid = objects.at(state, "metadata", "uid")
        try:
            path = self.path(state)
            live = self.api.find(path)
            if live is None or (uid and live["metadata"]["uid"] != uid):
                return
            self.api.delete(path, objects.annotations_of(state).get(objects.PROPAGATION) or PROPAGATION)
            if not objects.is_set(state, objects.SKIP_AWAIT):
                self._waiter(state, seconds, told).until_gone(path, uid)
        except ApiError as error:
            if error.unreachable and self._settings.get("deleteUnreachable"):
                told.warn(f"{error}; forgotten as deleteUnreachable says")
            elif error.status != 404:
                raise Refused(_refusal("was not deleted", state, error)) from None
        except NotReady as error:
            raise Refused(_refusal("was not deleted", state, error)) from None

    def _apply(self, path: str, wanted: Object, manager: str, *, dry_run: bool, told: Told) -> Object:
        force = objects.is_set(wanted, objects.PATCH_FORCE) or bool(self._settings.get("enablePatchForce"))
        return self.api.apply(path, wanted, manager=manager, force=force, dry_run=dry_run, warn=told.warn)

    def _refuse_existing(self, wanted: Object, manager: str, live: Object) -> None:
        """Refuses to take an object over that this resource did not make. Raises Refused."""
        if objects.managed_by(live, manager) or self._settings.get("upsertExistingObjects"):
            return
        raise Refused(
            f"{objects.title(wanted)} was not created: it already exists, and this resource did not make it. Import it "
            "(`pulumi import`), delete it, or set upsertExistingObjects on the provider to take it over."
        )

    def _patiently(self, make: Callable[[], tuple[str, Object]], told: Told) -> tuple[str, Object]:
        for pause in MISSING_SECONDS:
            try:
                return make()
            except ApiError as error:
                if error.status != 404:
                    raise
                told.status(f"waits: {error}")
                time.sleep(pause)
        return make()

    def _waiter(self, wanted: Object, seconds: float, told: Told) -> Waiter:
        chosen = seconds or float(objects.annotations_of(wanted).get(objects.TIMEOUT) or DEFAULT_SECONDS)
        return Waiter(self.api, self._cancelled, chosen, told.status)

    def _ready(self, wanted: Object, path: str, live: Object, waiter: Waiter) -> Object:
        if objects.is_set(wanted, objects.SKIP_AWAIT):
            return live
        try:
            return waiter.until_ready(path, live)
        except (NotReady, ApiError) as error:
            raise self._unready(self.api.find(path) or live, str(error)) from None

    def _unready(self, live: Object, waiting: str) -> Unready:
        lines = [f"{objects.title(live)} is not ready: {waiting}", *causes(self.api, live)]
        return Unready("\n  ".join(lines), live)


def _refusal(what: str, shown: Object, error: Exception) -> str:
    message = f"{objects.title(shown)} {what}: {error}"
    if isinstance(error, ApiError) and error.status == 409 and error.reason == "Conflict":
        message += (
            "\nAnother field manager owns these fields: leave them out of the program, or take them over by the "
            f'annotation {objects.PATCH_FORCE}: "true".'
        )
    return message
