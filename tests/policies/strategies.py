"""Sound stacks of `dev` under the ways out that no shipped environment has, and ways to spoil them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from policies import committed
from tests.policies import recording, world
from tests.policies.campaign_mutants import pod
from tests.policies.harness import UNKNOWN, Declared, key
from tests.policies.lane_mutants import drop, props, twin
from tests.policies.world import Document, Edit

Stack = dict[str, Declared]
Change = Any
INTERFACE = "eni-0123456789abcdef0"
ADDRESSES = {"amber": "203.0.113.16", "birch": "203.0.113.17"}
PRIVATE = {"amber": "10.0.0.16", "birch": "10.0.0.17"}
RECORD = "aws:route53/record:Record"


def as_external(body: Document) -> None:
    """Routing that exists already: each lane has an address and labelled nodes."""
    body["egress"] = {"strategy": "external"}
    for lane, about in body["lanes"].items():
        about.update(address=ADDRESSES[lane], node_labels={"pool": lane})


def by_interface(body: Document) -> None:
    """A gateway node with a network interface of ours, which carries the lanes' private addresses."""
    body["egress"]["network_interface_id"] = INTERFACE
    for lane, about in body["lanes"].items():
        about.update(private_address=PRIVATE[lane])


def external() -> Stack:
    """The environment's stack under `external`."""
    return _stack(as_external, "dev")


def external_sender() -> Stack:
    """The spring sale's stack under `external`, by logical name less its id."""
    return {name.removeprefix("spring-sale-"): item for name, item in _stack(as_external, "spring-sale.dev").items()}


def interface() -> Stack:
    """The environment's stack where the gateway has an interface of ours."""
    return _stack(by_interface, "dev")


def _stack(edit: Edit, stack: str) -> Stack:
    """Lets the edited environment be committed, and gives what its program registers at first."""
    world.environment(edit)
    return copy.deepcopy(_recorded(edit, stack))


@cache
def _recorded(edit: Edit, stack: str) -> Stack:
    environment = committed.environment(stack).model_copy(update={"images": world.IMAGES})
    program = recording.campaign_program if "." in stack else recording.environment_program
    made = recording.register(lambda: program(stack, environment), stack)
    return {key(item): item for item in recording.declared(made)}


def gateway(**fields: Any) -> Change:
    """Sets fields of amber's egress gateway."""
    return lambda stack: stack["amber-policy"].props["spec"]["egressGateway"].update(fields)


def without_address(stack: Stack) -> None:
    del stack["amber-policy"].props["spec"]["egressGateway"]["egressIP"]


def add(type_: str, logical_name: str, /, **values: Any) -> Change:
    """Adds a resource without edges."""
    return lambda stack: stack.update(added=Declared(type_, logical_name, values, stack="dev"))


def tolerating(**fields: Any) -> Change:
    return lambda stack: pod(stack)["tolerations"].append(fields)


GRAPH, NETWORK, PINNED, PROTECTED = "lane-graph", "lane-network", "sender-pinned-to-lane", "address-protected"
POLICY = "kubernetes:cilium.io/v2:CiliumEgressGatewayPolicy"

EXTERNAL_MUTANTS: list[tuple[str, str, Change, str]] = [
    (GRAPH, "external: no name", drop("amber-host"), "Lane amber has no A record amber.warmlane.test"),
    (GRAPH, "external: a second name", twin("amber-host"), "is a second A record amber.warmlane.test of lane amber"),
    (
        GRAPH,
        "external: another address",
        props("amber-host", records=[ADDRESSES["birch"]]),
        "Record amber-host does not answer with 203.0.113.16 of lane amber",
    ),
    (
        GRAPH,
        "external: an address more",
        props("amber-host", records=[*ADDRESSES.values()]),
        "does not answer with 203.0.113.16 of lane amber. Set records to it alone",
    ),
    (
        GRAPH,
        "external: an address to be told",
        props("amber-host", records=UNKNOWN),
        "does not answer with 203.0.113.16",
    ),
    (GRAPH, "external: an alias", props("amber-host", aliases=[{"name": "a.example"}]), "amber-host sets aliases"),
    (GRAPH, "external: another zone", props("amber-host", zoneId="Z0OTHER"), "is in another zone"),
    (GRAPH, "external: Cilium beside it", add(POLICY, "p", metadata={"name": "p"}), "no part in the strategy external"),
    (
        PROTECTED,
        "external: a name",
        lambda s: setattr(s["amber-host"], "protect", False),
        "amber-host is not protected",
    ),
    (
        PROTECTED,
        "external: the address by another name",
        add(RECORD, "web", type="A", name="www.warmlane.test", records=[ADDRESSES["amber"]]),
        "Record web is not protected",
    ),
    (NETWORK, "external: a NAT", add("aws:ec2/natGateway:NatGateway", "n"), "no part in the strategy external"),
    (NETWORK, "external: a route", add("aws:ec2/route:Route", "r"), "no part in the strategy external"),
    (
        NETWORK,
        "external: an association",
        add("aws:ec2/eipAssociation:EipAssociation", "a", allocationId="eipalloc-1"),
        "EipAssociation a has no part in the strategy external",
    ),
]

EXTERNAL_SENDER_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        PINNED,
        "external: another lane's nodes",
        lambda s: pod(s)["nodeSelector"].update(pool="birch"),
        "nodeSelector pool is birch. Set it to amber",
    ),
    (PINNED, "external: any node", lambda s: pod(s).pop("nodeSelector"), "nodeSelector pool is missing"),
    (PINNED, "external: every taint", tolerating(operator="Exists"), "tolerates the nodes of other lanes"),
    (
        PINNED,
        "external: another lane's taint",
        tolerating(key="warmlane.dev/lane", operator="Equal", value="birch", effect="NoSchedule"),
        "tolerates the nodes of other lanes",
    ),
]

INTERFACE_MUTANTS: list[tuple[str, str, Change, str]] = [
    (GRAPH, "ENI: no association", drop("amber-association"), "has no association of its address with the gateway"),
    (GRAPH, "ENI: a second association", twin("amber-association"), "is a second association of its address"),
    (
        GRAPH,
        "ENI: the other lane's private address",
        props("amber-association", privateIpAddress=PRIVATE["birch"]),
        "EipAssociation amber-association has the private address 10.0.0.17",
    ),
    (GRAPH, "ENI: sent from the other lane", gateway(egressIP=PRIVATE["birch"]), "does not send from 10.0.0.16"),
    (GRAPH, "ENI: sent from the public address", gateway(egressIP="203.0.113.9"), "does not send from 10.0.0.16"),
    (GRAPH, "ENI: sent from nowhere", without_address, "names no address"),
    (GRAPH, "ENI: an interface's address", gateway(interface="eth0"), "leaves by whatever address an interface has"),
    (GRAPH, "ENI: by another node", gateway(nodeSelector={"matchLabels": {"a": "b"}}), "does not leave by the gateway"),
    (
        NETWORK,
        "ENI: another interface",
        props("amber-association", networkInterfaceId="eni-1"),
        f"networkInterfaceId is eni-1, but the committed config says {INTERFACE}",
    ),
    (
        NETWORK,
        "ENI: nobody's private address",
        props("amber-association", privateIpAddress="10.0.0.99"),
        "puts an address on 10.0.0.99, which no lane has as its private_address",
    ),
    (NETWORK, "ENI: a machine", props("amber-association", instanceId="i-1"), "amber-association sets instanceId"),
]


BUILDS: dict[str, Callable[[], Stack]] = {
    "external": external,
    "spring-sale, external": external_sender,
    "ENI gateway": interface,
}
