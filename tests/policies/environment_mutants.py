"""Ways to spoil a sound environment stack: rule, what is spoilt, the change, and what the refusal must say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policies.harness import UNKNOWN, Declared, kubernetes

Stack = dict[str, Declared]
Change = Callable[[Stack], object]


def allow_all(namespace: str) -> Declared:
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    return kubernetes("networking.k8s.io/v1:NetworkPolicy", "added", namespace, spec=spec, stack="dev")


def selector(stack: Stack, name: str) -> dict[str, Any]:
    return stack[name].props["spec"]["selectors"][0]["podSelector"]["matchLabels"]


def gateway(stack: Stack, lane: str) -> dict[str, Any]:
    return stack[f"{lane}-policy"].props["spec"]["egressGateway"]


ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "address-protected",
        "address",
        lambda s: setattr(s["amber-address"], "protect", False),
        "Eip amber-address is not protected",
    ),
    (
        "address-protected",
        "record",
        lambda s: setattr(s["amber-host"], "protect", False),
        "Record amber-host is not protected",
    ),
    (
        "address-protected",
        "reverse",
        lambda s: setattr(s["birch-reverse"], "protect", False),
        "EipDomainName birch-reverse",
    ),
    (
        "lane-leased-once",
        "two lanes",
        lambda s: s["platform-lease-table"].props["data"].update(cedar="spring-sale"),
        "leases both amber and cedar to spring-sale",
    ),
    (
        "lane-leased-once",
        "not as committed",
        lambda s: s["platform-lease-table"].props["data"].update(amber="autumn"),
        "Pulumi.dev.yaml leases no lane to it",
    ),
    (
        "lane-leased-once",
        "one lane, two ways out",
        lambda s: selector(s, "birch-policy").update({"warmlane.dev/lane": "amber"}),
        "by lane amber, which CiliumEgressGatewayPolicy lane-amber gives to spring-sale",
    ),
    (
        "lane-leased-once",
        "one address, two lanes",
        lambda s: s["birch-policy"].property_dependencies.update(spec=[s["amber-address"]]),
        "by address of amber-address",
    ),
    (
        "lane-leased-once",
        "one known address",
        lambda s: [gateway(s, lane).update(egressIP="203.0.113.7") for lane in ("amber", "birch")],
        "by address 203.0.113.7",
    ),
    (
        "lane-leased-once",
        "whoever",
        lambda s: selector(s, "birch-policy").pop("io.kubernetes.pod.namespace"),
        "does not say whose pods",
    ),
    (
        "lane-leased-once",
        "everybody",
        lambda s: s["birch-policy"].props["spec"].update(selectors=[]),
        "does not say whose pods",
    ),
    (
        "no-wide-allow",
        "platform's namespace",
        lambda s: s.update(added=allow_all("warmlane-platform")),
        "warmlane-platform/added allows egress to anywhere on every port",
    ),
    (
        "no-wide-allow",
        "the store for everybody",
        lambda s: s["platform-store-from-senders"].props["spec"]["ingress"][0].pop("from"),
        "warmlane-platform/store-from-senders allows ingress from anywhere on TCP 5432",
    ),
    (
        "no-wide-allow",
        "the store for whoever is called a sender",
        lambda s: s["platform-store-from-senders"].props["spec"]["ingress"][0]["from"][0].update(namespaceSelector={}),
        "warmlane-platform/store-from-senders allows ingress",
    ),
    (
        "no-wide-allow",
        "more of the platform than the store",
        lambda s: s["platform-store-from-senders"].props["spec"].update(podSelector={}),
        "warmlane-platform/store-from-senders allows ingress",
    ),
    (
        "no-wide-allow",
        "monitoring's namespace",
        lambda s: s.update(added=allow_all("warmlane-monitoring")),
        "warmlane-monitoring/added allows egress to anywhere on every port",
    ),
    (
        "no-wide-allow",
        "cluster-wide kind",
        lambda s: s.update(added=kubernetes("cilium.io/v2:CiliumClusterwideNetworkPolicy", "all", "", stack="dev")),
        "could open every campaign at once",
    ),
    (
        "lane-leased-once",
        "no table",
        lambda s: s.pop("platform-lease-table"),
        "has no ConfigMap warmlane-platform/lease-table",
    ),
    (
        "lane-leased-once",
        "table elsewhere",
        lambda s: s["platform-lease-table"].props["metadata"].update(namespace="warmlane-monitoring"),
        "has no ConfigMap warmlane-platform/lease-table",
    ),
    (
        "lane-leased-once",
        "a lane left out",
        lambda s: s["platform-lease-table"].props["data"].pop("amber"),
        "does not say of lane amber that spring-sale holds it",
    ),
    (
        "lane-leased-once",
        "unknown holder",
        lambda s: s["platform-lease-table"].props["data"].update(amber=UNKNOWN),
        "Lane leased once cannot be decided from data.amber",
    ),
    (
        "lane-graph",
        "no way out",
        lambda s: s.pop("amber-policy"),
        "Lane amber has no CiliumEgressGatewayPolicy",
    ),
    (
        "lane-graph",
        "another lane's name",
        lambda s: s["amber-policy"].props["metadata"].update(name="lane-birch"),
        "Name it lane-amber",
    ),
    (
        "lane-graph",
        "no address",
        lambda s: gateway(s, "amber").pop("egressIP"),
        "names no address, so its pods leave by the node's",
    ),
    (
        "lane-graph",
        "another lane's address",
        lambda s: s["amber-policy"].property_dependencies.update(spec=[s["birch-address"]]),
        "CiliumEgressGatewayPolicy lane-amber takes spec from Eip birch-address",
    ),
    (
        "lane-graph",
        "a part of the internet",
        lambda s: s["amber-policy"].props["spec"].update(destinationCIDRs=["8.0.0.0/7"]),
        "does not cover all that the lane sends",
    ),
    (
        "lane-graph",
        "less than the internet",
        lambda s: s["amber-policy"].props["spec"].update(excludedCIDRs=["203.0.113.0/24"]),
        "does not cover all that the lane sends",
    ),
    (
        "lane-graph",
        "any node",
        lambda s: gateway(s, "amber")["nodeSelector"]["matchLabels"].clear(),
        "does not leave by the gateway's nodes",
    ),
    (
        "lane-graph",
        "any address",
        lambda s: gateway(s, "amber").update(interface="eth0"),
        "leaves by whatever address an interface has",
    ),
    (
        "lane-graph",
        "uncommitted lane",
        lambda s: s["amber-policy"].props["metadata"]["labels"].update({"warmlane.dev/lane": "teal"}),
        "is labelled with no committed lane",
    ),
    (
        "lane-graph",
        "another address after creation",
        lambda s: (
            s["amber-address"].created.update(publicIp="203.0.113.4"),
            s["amber-host"].created.update(records=["203.0.113.5"]),
        ),
        "Record amber-host has the address 203.0.113.5, and Eip amber-address has 203.0.113.4",
    ),
]
