"""The frame of a control: which fields of a pod it restricts, and to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policies.plain import UNKNOWN

CONTAINER_FIELDS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Place:
    """A value and its path. Below an unknown value everything is unknown, and the path stays at what is to be known."""

    path: str
    value: Any

    def at(self, *keys: str) -> Place:
        """The place below, with the value None where there is nothing."""
        place = self
        for key in keys:
            if place.value is UNKNOWN:
                return place
            value = place.value.get(key) if isinstance(place.value, dict) else None
            place = Place(f"{place.path}.{key}", value)
        return place

    def entries(self) -> list[Place]:
        """The places in a list, named entries by their name; an unknown list is one unknown place."""
        if self.value is UNKNOWN:
            return [self]
        return [
            Place(f"{self.path}[{_name(entry) or index}]", entry)
            for index, entry in enumerate(self.value if isinstance(self.value, list) else [])
        ]


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of pods."""

    metadata: Place
    spec: Place

    def containers(self) -> list[Place]:
        """Every container: init and ephemeral ones as well."""
        return [container for field in CONTAINER_FIELDS for container in self.spec.at(field).entries()]

    def in_containers(self, *keys: str) -> list[Place]:
        """A field of each container."""
        return [container.at(*keys) for container in self.containers()]

    def security(self, *keys: str) -> list[Place]:
        """A field of the pod's security context and of each container's."""
        return [self.spec.at("securityContext", *keys), *self.in_containers("securityContext", *keys)]

    def effective(self, *keys: str) -> list[Place]:
        """A field of the security contexts as it holds for each container: its own, or else the pod's.

        What the pod's security context says is among them, even where every container says otherwise.
        """
        outer = self.spec.at("securityContext", *keys)
        inner = self.in_containers("securityContext", *keys)
        said = [outer] if outer.value is not None else []
        return said + [place for place in inner if place.value is not None or outer.value is None]


@dataclass(frozen=True)
class Finding:
    """A field with a value that a control does not allow, or whose value is not known yet."""

    control: str
    place: Place
    allowed: str

    @property
    def unknown(self) -> bool:
        """Whether the control can't be decided until this field is known."""
        return self.place.value is UNKNOWN

    def text(self) -> str:
        """What the field is and may be, as a part of a sentence."""
        return f"{self.place.path} is {_shown(self.place.value)}, and allowed is {self.allowed}"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Exemption:
    """Pods whose spec holds this value at this path are exempt."""

    path: tuple[str, ...]
    value: Any


USER_NAMESPACE = Exemption(("hostUsers",), False)
"""Root in a user namespace of the pod's own is nobody on the node (KEP-127; relaxed since 1.35)."""
WINDOWS = Exemption(("os", "name"), "windows")
"""Windows has none of these fields, and the API refuses them there."""


@dataclass(frozen=True)
class Control:
    """Restricts the fields that `fields` finds to values that `allows` accepts; `allowed` says which, in words."""

    name: str
    fields: Callable[[Pod], Iterable[Place]]
    allows: Callable[[Any], bool]
    allowed: str
    exempt: Exemption | None = None
    reaches_host: bool = False
    """Whether what it forbids lets a pod reach into its node."""

    def judge(self, pod: Pod) -> Iterator[Finding]:
        """A finding for each field that is not as allowed."""
        bad = [place for place in self.fields(pod) if place.value is UNKNOWN or not self.allows(place.value)]
        if bad and self.exempt is not None:
            decisive = pod.spec.at(*self.exempt.path)
            if decisive.value == self.exempt.value:
                return
            if decisive.value is UNKNOWN:
                bad = [decisive]
        for place in bad:
            yield Finding(self.name, place, self.allowed)


def unset(value: Any) -> bool:
    """Whether a field is left out."""
    return value is None


def one_of(*values: Any) -> Callable[[Any], bool]:
    """Accepts these values; a number is no truth value."""
    return lambda value: any(value == allowed and type(value) is type(allowed) for allowed in values)
