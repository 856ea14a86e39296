"""Ways to spoil a sound campaign stack: rule, what is spoilt, the change, and what the refusal must say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policies.harness import UNKNOWN, Declared, campaign_stack, kubernetes

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
WHERE = "campaign-spring-sale"


def pod(stack: Stack) -> dict[str, Any]:
    return stack["deployment"].props["spec"]["template"]["spec"]


def allow(stack: Stack, **spec: Any) -> None:
    """Adds a policy beside the sound ones."""
    body = {"podSelector": {}, **spec}
    stack["added"] = kubernetes("networking.k8s.io/v1:NetworkPolicy", "added", WHERE, spec=body)


def egress(peer: dict[str, Any] | None, port: dict[str, Any] | None) -> Change:
    body = {key: [value] for key, value in (("to", peer), ("ports", port)) if value is not None}
    return lambda stack: allow(stack, policyTypes=["Egress"], egress=[body])


def ingress(peer: dict[str, Any] | None, port: dict[str, Any] | None) -> Change:
    body = {key: [value] for key, value in (("from", peer), ("ports", port)) if value is not None}
    return lambda stack: allow(stack, policyTypes=["Ingress"], ingress=[body])


def block(cidr: str, *exceptions: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, "except": list(exceptions)}}


def pods(namespace: str, **labels: str) -> dict[str, Any]:
    where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {"namespaceSelector": where, "podSelector": {"matchLabels": labels}}


def smtp_block(stack: Stack) -> dict[str, Any]:
    return stack["smtp-egress"].props["spec"]["egress"][0]["to"][0]["ipBlock"]


def second_sender(stack: Stack) -> None:
    other = campaign_stack("newsletter")["deployment"]
    other.props["spec"]["template"]["metadata"]["labels"]["warmlane.dev/lane"] = "amber"
    stack["other"] = other


SMTP = {"protocol": "TCP", "port": 25}
CILIUM_ALLOW = "cilium.io/v2:CiliumNetworkPolicy"

CAMPAIGN_MUTANTS: list[tuple[str, str, Change, str]] = [
    ("default-deny-present", "none", lambda s: s.pop("default-deny"), f"Namespace {WHERE} has no NetworkPolicy"),
    (
        "default-deny-present",
        "one way",
        lambda s: s["default-deny"].props["spec"].update(policyTypes=["Ingress"]),
        "denies all ingress and egress",
    ),
    (
        "default-deny-present",
        "some pods",
        lambda s: s["default-deny"].props["spec"].update(podSelector={"matchLabels": {"a": "b"}}),
        "denies all",
    ),
    ("default-deny-present", "opened", lambda s: s["default-deny"].props["spec"].update(egress=[{}]), "denies all"),
    (
        "default-deny-present",
        "elsewhere",
        lambda s: s["default-deny"].props["metadata"].update(namespace="default"),
        f"to {WHERE}",
    ),
    ("default-deny-present", "unknown spec", lambda s: s["default-deny"].props.update(spec=UNKNOWN), "denies all"),
    (
        "default-deny-present",
        "too late",
        lambda s: s["deployment"].depends_on.clear(),
        "does not depend on the NetworkPolicy default-deny",
    ),
    ("no-wide-allow", "everywhere", egress(None, None), "allows egress to anywhere on every port"),
    ("no-wide-allow", "any port", egress(block("0.0.0.0/0"), None), "to 0.0.0.0/0 on every port"),
    ("no-wide-allow", "https", egress(block("203.0.113.9/32"), {"port": 443}), "203.0.113.9/32 on TCP 443"),
    ("no-wide-allow", "metadata", egress(block("169.254.169.254/32"), SMTP), "169.254.169.254/32 on TCP 25"),
    ("no-wide-allow", "private", egress(block("10.0.0.0/7"), SMTP), "10.0.0.0/7 on TCP 25"),
    ("no-wide-allow", "node", egress(block("198.51.100.2/32"), SMTP), "198.51.100.2/32"),
    ("no-wide-allow", "UDP", egress(block("203.0.113.0/24"), {"protocol": "UDP", "port": 25}), "UDP 25"),
    ("no-wide-allow", "port range", egress(block("203.0.113.0/24"), {**SMTP, "endPort": 587}), "TCP 25-587"),
    ("no-wide-allow", "IPv6", egress(block("2001:db8::/32"), SMTP), "2001:db8::/32"),
    (
        "no-wide-allow",
        "other resolver",
        egress(pods("kube-system"), {"protocol": "UDP", "port": 53}),
        "pods (any) of namespace kube-system",
    ),
    (
        "no-wide-allow",
        "other campaign",
        egress(pods("campaign-newsletter", app="email-sender-newsletter"), SMTP),
        "namespace campaign-newsletter",
    ),
    ("no-wide-allow", "own pods", egress({"podSelector": {}}, SMTP), "its own namespace"),
    ("no-wide-allow", "all namespaces", ingress({"namespaceSelector": {}, "podSelector": {}}, SMTP), "any namespace"),
    ("no-wide-allow", "from outside", ingress(block("0.0.0.0/0"), SMTP), "ingress from 0.0.0.0/0"),
    ("no-wide-allow", "from anywhere", ingress(None, SMTP), "ingress from anywhere on TCP 25"),
    (
        "no-wide-allow",
        "unlisted producer",
        ingress(pods("producers", app="newsletter-producer"), SMTP),
        "app=newsletter-producer",
    ),
    (
        "no-wide-allow",
        "producer on metrics",
        ingress(pods("producers", app="spring-sale-producer"), {"port": 9100}),
        "TCP 9100",
    ),
    (
        "no-wide-allow",
        "dropped exception",
        lambda s: smtp_block(s)["except"].remove("169.254.0.0/16"),
        "smtp-egress allows egress",
    ),
    (
        "no-wide-allow",
        "narrower exception",
        lambda s: smtp_block(s)["except"].append(smtp_block(s)["except"].pop(1).replace("/8", "/9")),
        "smtp-egress allows egress",
    ),
    (
        "no-wide-allow",
        "unknown spec",
        lambda s: s["smtp-egress"].props.update(spec=UNKNOWN),
        "cannot be decided from spec,",
    ),
    (
        "no-wide-allow",
        "unknown range",
        lambda s: smtp_block(s).update(cidr=UNKNOWN),
        "spec.egress[0].to[0].ipBlock.cidr",
    ),
    (
        "no-wide-allow",
        "unknown namespace",
        lambda s: s["smtp-egress"].props["metadata"].update(namespace=UNKNOWN),
        "cannot be decided from metadata.namespace",
    ),
    (
        "no-wide-allow",
        "Cilium's own kind",
        lambda s: s.update(added=kubernetes(CILIUM_ALLOW, "added", WHERE)),
        f"CiliumNetworkPolicy {WHERE}/added",
    ),
    ("lane-leased-once", "two senders", second_sender, "sends from lane amber, and so does"),
    ("sender-configured", "not declared", lambda s: s.pop("config"), f"does not declare in {WHERE}"),
    (
        "sender-configured",
        "not mounted",
        lambda s: pod(s).update(volumes=[]),
        "does not mount the ConfigMap sender-config",
    ),
    (
        "default-deny-present",
        "unknown selector",
        lambda s: s["default-deny"].props["spec"].update(podSelector=UNKNOWN),
        "denies all",
    ),
]
