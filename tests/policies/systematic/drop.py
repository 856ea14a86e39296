"""Something is left out: a resource, a field, an entry of a list, an edge of the graph, a protection."""

from __future__ import annotations

from cli.render.recording import Recording, Registration
from tests.policies.systematic import subject
from tests.policies.systematic.mutant import Change, Maker, Mutants, label, resources
from tests.policies.systematic.values import walk


def resource(stack: str) -> Mutants:
    make = Maker(stack, "drop resource")
    for one in filter(subject.is_part, resources(stack)):
        urn = one.urn

        def change(recording: Recording, urn: str = urn) -> None:
            recording.registrations = [other for other in recording.registrations if other.urn != urn]
            for other in recording.registrations:
                other.dependencies = tuple(edge for edge in other.dependencies if edge != urn)
                other.property_dependencies = {
                    key: tuple(edge for edge in edges if edge != urn)
                    for key, edges in other.property_dependencies.items()
                }

        yield make.whole(label(one), "", change)


def field(stack: str) -> Mutants:
    make = Maker(stack, "drop field")
    for one in resources(stack):
        for path, _ in walk(one.inputs):
            if isinstance(path[-1], str) and subject.matters(one, path):
                yield make.remove(one, path)


def item(stack: str) -> Mutants:
    make = Maker(stack, "drop item")
    for one in resources(stack):
        for path, _ in walk(one.inputs):
            if isinstance(path[-1], int) and subject.matters(one, path):
                yield make.remove(one, path)


def edge(stack: str) -> Mutants:
    """An edge by which a value is made, or by which pods wait for what isolates them."""
    make = Maker(stack, "drop edge")
    for one in resources(stack):
        for key, edges in one.property_dependencies.items() if subject.lane_part(one) else ():
            for urn in edges:

                def without(found: Registration, key: str = key, urn: str = urn) -> None:
                    found.property_dependencies[key] = tuple(e for e in found.property_dependencies[key] if e != urn)
                    found.dependencies = tuple(e for e in found.dependencies if e != urn)

                yield make.edit(one, f"{key} from {urn.split('::')[-1]}", without)
        for urn in one.dependencies if subject.waits(one) else ():
            if subject.bounds_pods(urn):
                yield make.whole(label(one), f"after {urn.split('::')[-1]}", _without_waiting(one.urn, urn))


def _without_waiting(of: str, for_: str) -> Change:
    """A workload that no longer waits for something, neither itself nor by what it waits for."""

    def change(recording: Recording) -> None:
        by_urn = {one.urn: one for one in recording.registrations}
        left, seen = [of], set[str]()
        while left:
            urn = left.pop()
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                left += by_urn[urn].dependencies
        for urn in seen - {for_}:
            by_urn[urn].dependencies = tuple(edge for edge in by_urn[urn].dependencies if edge != for_)

    return change


def protection(stack: str) -> Mutants:
    make = Maker(stack, "drop protection")
    for one in resources(stack):
        if one.protect:
            yield make.edit(one, "", lambda found: setattr(found, "protect", False))
