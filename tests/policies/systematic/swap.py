"""Something is another's: lane, campaign, namespace, name, part of a lane."""

from __future__ import annotations

from collections.abc import Iterator

from cli.render.recording import Registration
from policies import committed
from policies.plain import SIGNS
from tests.policies.systematic import subject
from tests.policies.systematic.mutant import Maker, Mutants, base, is_kubernetes, kind, resources
from tests.policies.systematic.values import dotted, walk
from warmlane import labels, names

OWN_NAMESPACES = (names.MONITORING_NAMESPACE, names.PLATFORM_NAMESPACE)
"""An environment's own."""
FOREIGN_NAMESPACES = ("default", "kube-system", *OWN_NAMESPACES)
TELLING = (
    "tags.Name",
    f"tags.{labels.NAME}",
    "nodeGroupName",
    "app.kubernetes.io/instance",
    "topologySpreadConstraints",
)
"""Places where a name tells something to people, or spreads pods over nodes."""
OTHER = "other"
"""An id of a campaign or lane that nobody has."""


def _environment(stack: str) -> str:
    return committed.environment_name(stack)


def _campaign(stack: str) -> str:
    return stack.rpartition(".")[0]


def _lanes(stack: str) -> list[str]:
    """The lanes whose names stand in a stack."""
    found = committed.environment(stack)
    return [found.leases[_campaign(stack)].lane] if _campaign(stack) else sorted(found.lanes)


def _named(stack: str, operator: str, ids: dict[str, str]) -> Mutants:
    """Each value with one of the ids gets another one instead."""
    make = Maker(stack, operator)
    for one in resources(stack):
        for path, value in walk(one.inputs):
            if not isinstance(value, str) or value.startswith("{") or subject.is_shown(one):
                continue
            for id_, other in ids.items():
                if id_ in value and not any(part in dotted(path) for part in TELLING):
                    yield make.put(one, path, value.replace(id_, other), f"to {other}")


def lane(stack: str) -> Mutants:
    """By turns, another lane of the environment and one that there is not."""
    own, all_ = _lanes(stack), sorted(committed.environment(stack).lanes)
    others = {id_: all_[(all_.index(id_) + 1) % len(all_)] for id_ in own}
    yield from _named(stack, "swap lane", others)
    yield from _named(stack, "swap lane", dict.fromkeys(own, OTHER))


def campaign(stack: str) -> Mutants:
    """Another campaign's name stands where one's own should."""
    own = _campaign(stack)
    here = sorted(committed.environment(stack).leases)
    for id_ in [own] if own else here:
        others = [other for other in [*here, OTHER] if other != id_]
        for other in others:
            yield from _named(stack, "swap campaign", {id_: other})


def namespace(stack: str) -> Mutants:
    """An object goes to another namespace, and a peer comes from there."""
    make = Maker(stack, "swap namespace")
    for one in filter(is_kubernetes, resources(stack)):
        for path, value in walk(one.inputs):
            place = path == ("metadata", "namespace") or (kind(one) == "Namespace" and path == ("metadata", "name"))
            peer = path[-1] in ("kubernetes.io/metadata.name", "io.kubernetes.pod.namespace")
            for other in (*FOREIGN_NAMESPACES, names.namespace(OTHER)) if place or peer else ():
                own = other in OWN_NAMESPACES and not subject.is_read(one)
                if other != value and not own:
                    yield make.put(one, path, other, f"to {other}")


def identifier(stack: str) -> Mutants:
    """What a lane's part belongs to, or where it is, is something else."""
    make = Maker(stack, "swap identifier")
    for one in filter(subject.lane_part, resources(stack)):
        for path, value in walk(one.inputs):
            if isinstance(value, str) and value not in SIGNS and subject.matters(one, path, required=True):
                yield make.put(one, path, f"{OTHER}-{value}")


def part(stack: str) -> Mutants:
    """A value or an edge of a lane's part is that of the other lane's."""
    make = Maker(stack, "swap part")
    if _campaign(stack):
        return
    for one, other in _pairs(stack):
        for key in sorted({*one.inputs, *one.property_dependencies}):
            mine, its = ((each.inputs.get(key), each.property_dependencies.get(key, ())) for each in (one, other))
            if mine == its or key in ("tags", "nodeGroupName", "metadata", "scalingConfig"):
                continue

            def edit(found: Registration, key: str = key, other: Registration = other) -> None:
                if key in other.inputs:
                    found.inputs[key] = other.inputs[key]
                edges = set(found.property_dependencies.get(key, ()))
                found.property_dependencies[key] = other.property_dependencies.get(key, ())
                kept = [edge for edge in found.dependencies if edge not in edges]
                found.dependencies = (*kept, *found.property_dependencies[key])

            yield make.edit(one, key, edit)


def _pairs(stack: str) -> Iterator[tuple[Registration, Registration]]:
    """Each part of a lane with the same part of the next lane."""
    ids = _lanes(stack)
    parts = {one.name: one for one in base(stack).registrations if one.custom and subject.lane_part(one)}
    for one in parts.values():
        for id_ in ids:
            twin = one.name.replace(id_, ids[(ids.index(id_) + 1) % len(ids)])
            if one.name.startswith(f"{id_}-") and twin in parts:
                yield one, parts[twin]
