"""Something is there twice: a part of a lane, a workload, an address, a lease."""

from __future__ import annotations

import copy

from cli.render.recording import Recording, Registration
from tests.policies.systematic import subject
from tests.policies.systematic.mutant import Maker, Mutants, find, is_kubernetes, kind, label, resources
from tests.policies.systematic.values import walk
from warmlane import names

WORKS = ("Deployment", "Service", "CiliumEgressGatewayPolicy")
ADDRESSES = ("records", "subnetIds", "destinationCIDRs", "selectors", "policyTypes")
SECOND = "second"


def resource(stack: str) -> Mutants:
    """A part of a lane, or what sends, stands beside itself under another name."""
    make = Maker(stack, "duplicate resource")
    for one in resources(stack):
        # A lane may have a spare address, which nothing sends from.
        if kind(one) == "Eip" or not (subject.lane_part(one) or ("." in stack and kind(one) in WORKS)):
            continue

        def change(recording: Recording, urn: str = one.urn) -> None:
            made = copy.deepcopy(find(recording, urn))
            made.urn, made.name = f"{made.urn}-{SECOND}", f"{made.name}-{SECOND}"
            if is_kubernetes(made):
                made.inputs["metadata"]["name"] += f"-{SECOND}"
            recording.registrations.append(made)

        yield make.whole(label(one), "", change)


def entry(stack: str) -> Mutants:
    """A list that names one way names a second one."""
    make = Maker(stack, "duplicate entry")
    for one in resources(stack):
        for path, value in walk(one.inputs):
            if path[-1] in ADDRESSES and isinstance(value, list) and subject.lane_part(one):
                second = "203.0.113.99" if path[-1] == "records" else copy.deepcopy(value[0])
                if path[-1] == "selectors":
                    second["podSelector"]["matchLabels"]["io.kubernetes.pod.namespace"] = names.namespace(SECOND)
                if path[-1] == "destinationCIDRs":
                    second = "2000::/3"
                yield make.put(one, path, [*value, second])


def lease(stack: str) -> Mutants:
    """A campaign holds another lane as well."""
    make = Maker(stack, "duplicate lease")
    for one in resources(stack):
        if is_kubernetes(one) and one.inputs["metadata"]["name"] == names.LEASE_TABLE_CONFIG_MAP:
            held = {lane: campaign for lane, campaign in one.inputs["data"].items() if campaign}
            for campaign in held.values():
                for lane in {*one.inputs["data"], SECOND}:
                    if held.get(lane) != campaign:
                        yield make.put(one, ("data", lane), campaign, f"to {campaign}")


def edge(stack: str) -> Mutants:
    """A value is made from a second resource as well."""
    make = Maker(stack, "duplicate edge")
    parts = [one for one in resources(stack) if subject.lane_part(one)]
    for one in parts:
        for key, edges in one.property_dependencies.items():
            for urn in edges:
                twin = next((p for p in parts if p.urn != urn and p.type == urn.split("::")[2].split("$")[-1]), None)
                if twin:

                    def edit(found: Registration, key: str = key, other: str = twin.urn) -> None:
                        found.property_dependencies[key] = (*found.property_dependencies[key], other)
                        found.dependencies = (*found.dependencies, other)

                    yield make.edit(one, f"{key} from {twin.name} as well", edit)
