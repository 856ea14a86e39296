"""Takes one check out of the stand-in for the Kubernetes provider, to show that the check's test then fails.

Runs inside the stand-in's process, before it serves. What only the API server can check is taken out by passing its
refusal over, as a stand-in would that does not look at the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.standins.kubernetes import connection, objects, provider, resources, waits
from lab.standins.kubernetes.api import Api, ApiError, Kind


def _passes_over(status: int) -> Callable[[], None]:
    """Takes an object for applied that the API server refused with this HTTP status."""

    def drop() -> None:
        apply = Api.apply

        def applied(self: Api, path: str, wanted: Any, **more: Any) -> Any:
            try:
                return apply(self, path, wanted, **more)
            except ApiError as error:
                if error.status != status:
                    raise
                return {**wanted, "metadata": {**wanted["metadata"], "uid": "never-made"}}

        _replace(Api, "apply", applied)

    return drop


def _passes_over_silence() -> None:
    """Takes an API server that does not answer for one that agrees."""
    request = Api._request

    def answered(self: Api, method: str, path: str, query: Any, body: Any = None, *more: Any) -> Any:
        try:
            return request(self, method, path, query, body, *more)
        except ApiError as error:
            if not error.unreachable:
                raise
            served = [{"kind": "ConfigMap", "name": "configmaps", "namespaced": True}]
            return body or {"resources": served, "metadata": {"uid": "never-made", "deletionTimestamp": ""}}

    _replace(Api, "_request", answered)
    _replace(resources.Cluster, "_refuse_existing", lambda *_: None)


def _takes_over_fields() -> None:
    apply = Api.apply
    _replace(Api, "apply", lambda self, *given, **more: apply(self, *given, **{**more, "force": True}))


def _serves_every_kind() -> None:
    def guessed(self: Api, version: str, kind: str) -> Kind:
        return Kind(f"/apis/{version}" if "/" in version else f"/api/{version}", f"{kind.lower()}s", False)

    _replace(Api, "kind", guessed)


def _takes_any_context() -> None:
    def first(document: Any, section: str, name: str | None) -> Any:
        entries = document[section]
        return next((entry for entry in entries if entry["name"] == name), entries[0])

    _replace(connection, "_named", first)


def _takes_patches_for_objects() -> None:
    token = provider.type_token
    _replace(provider, "type_token", lambda urn: token(urn).removesuffix("Patch"))


def _overlooks_generated_names() -> None:
    at = objects.at
    _replace(objects, "at", lambda value, *path: None if path[-1] == "generateName" else at(value, *path))


def _remembers_what_is_gone() -> None:
    read = resources.Cluster.read
    _replace(resources.Cluster, "read", lambda self, shown: read(self, shown) or shown)


def _replace(owner: Any, name: str, replacement: Any) -> None:
    """Puts another function in a check's place; a name that is not there means that the check has moved."""
    getattr(owner, name)
    setattr(owner, name, replacement)


DROPPED: dict[str, Callable[[], None]] = {
    "exists": lambda: _replace(resources.Cluster, "_refuse_existing", lambda *_: None),
    "conflict": _takes_over_fields,
    "unknown-field": _passes_over(500),
    "value": _passes_over(500),
    "pod-security": _passes_over(403),
    "name": _passes_over(422),
    "kind": _serves_every_kind,
    "namespace": _passes_over(404),
    "context": _takes_any_context,
    "patch": _takes_patches_for_objects,
    "generated-name": _overlooks_generated_names,
    "unreachable": _passes_over_silence,
    "immutable": lambda: _replace(objects, "immutable", lambda *_: ()),
    "rollout": lambda: _replace(waits, "unready", lambda *_: None),
    "deleted": _remembers_what_is_gone,
    "deletion": lambda: _replace(waits.Waiter, "until_gone", lambda *_: None),
}
"""By the key of a test's `check` mark: what takes that check out."""


def drop(key: str, done: str) -> None:
    """Takes a check out and leaves a file that says so."""
    DROPPED[key]()
    Path(done).touch()
