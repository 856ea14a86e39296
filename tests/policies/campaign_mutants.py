"""Ways to spoil a sound campaign stack: rule, what is spoilt, the change, and what the refusal must say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policies.harness import IMAGE, UNKNOWN, Declared, campaign_stack, kubernetes

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
WHERE = "campaign-spring-sale"


def pod(stack: Stack) -> dict[str, Any]:
    return stack["deployment"].props["spec"]["template"]["spec"]


def pod_labels(stack: Stack) -> dict[str, Any]:
    return stack["deployment"].props["spec"]["template"]["metadata"]["labels"]


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


def container(**fields: Any) -> Change:
    return lambda stack: pod(stack)["containers"][1].update(fields)


def security(**fields: Any) -> Change:
    return lambda stack: pod(stack)["containers"][1]["securityContext"].update(fields)


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
        "known only after deployment (spec)",
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
        "namespace that is known only",
    ),
    (
        "no-wide-allow",
        "Cilium's own kind",
        lambda s: s.update(added=kubernetes(CILIUM_ALLOW, "added", WHERE)),
        f"CiliumNetworkPolicy {WHERE}/added",
    ),
    ("quota-and-limits-present", "no quota", lambda s: s.pop("quota"), f"no ResourceQuota of {WHERE} bounds pods"),
    (
        "quota-and-limits-present",
        "unbounded",
        lambda s: s["quota"].props["spec"]["hard"].pop("limits.ephemeral-storage"),
        "bounds limits.ephemeral-storage",
    ),
    (
        "quota-and-limits-present",
        "node ports",
        lambda s: s["quota"].props["spec"]["hard"].update({"services.nodeports": "2"}),
        "sets services.nodeports to 0 (it is 2)",
    ),
    ("quota-and-limits-present", "no limits", lambda s: s.pop("limits"), f"no LimitRange of {WHERE} has a default"),
    (
        "quota-and-limits-present",
        "a default short",
        lambda s: s["limits"].props["spec"]["limits"][0]["default"].pop("ephemeral-storage"),
        "default for ephemeral-storage",
    ),
    ("quota-and-limits-present", "unknown", lambda s: s["quota"].props.update(spec=UNKNOWN), "bounds pods"),
    ("no-host-access", "network", lambda s: pod(s).update(hostNetwork=True), "sets hostNetwork"),
    ("no-host-access", "processes", lambda s: pod(s).update(hostPID=True), "sets hostPID"),
    ("no-host-access", "memory", lambda s: pod(s).update(hostIPC=UNKNOWN), "sets hostIPC"),
    (
        "no-host-access",
        "path",
        lambda s: pod(s)["volumes"].append({"name": "v", "hostPath": {"path": "/"}}),
        "by the volume v",
    ),
    (
        "no-host-access",
        "port",
        container(ports=[{"containerPort": 25, "hostPort": 25}]),
        "container gate, takes port 25 of the node",
    ),
    ("no-host-access", "privilege", security(privileged=True), "container gate, is privileged"),
    ("no-host-access", "capability", security(capabilities={"add": ["NET_ADMIN"]}), "adds the capabilities NET_ADMIN"),
    ("no-host-access", "proc", security(procMount="Unmasked"), "unmasks /proc"),
    (
        "no-host-access",
        "init container",
        lambda s: pod(s).update(
            initContainers=[{"name": "i", "image": IMAGE, "securityContext": {"privileged": True}}]
        ),
        "container i, is privileged",
    ),
    (
        "no-host-access",
        "Pod Security off",
        lambda s: s["namespace"].props["metadata"].update(labels={}),
        f"Namespace {WHERE} does not enforce",
    ),
    (
        "no-host-access",
        "unknown",
        lambda s: s["deployment"].props["spec"]["template"].update(spec=UNKNOWN),
        "known only after deployment",
    ),
    (
        "sender-pinned-to-lane",
        "other lane",
        lambda s: pod_labels(s).update({"warmlane.dev/lane": "birch"}),
        "warmlane.dev/lane is birch. Set it to amber",
    ),
    (
        "sender-pinned-to-lane",
        "no lane",
        lambda s: pod_labels(s).pop("warmlane.dev/lane"),
        "warmlane.dev/lane is missing",
    ),
    (
        "sender-pinned-to-lane",
        "other campaign",
        lambda s: pod_labels(s).update({"warmlane.dev/campaign": "newsletter"}),
        "Set it to spring-sale",
    ),
    (
        "sender-pinned-to-lane",
        "unknown",
        lambda s: pod_labels(s).update({"warmlane.dev/lane": UNKNOWN}),
        "(known after deployment)",
    ),
    (
        "sender-pinned-to-lane",
        "no lease",
        lambda s: s["deployment"].props["metadata"].update(namespace="campaign-autumn"),
        "autumn, which holds no lane. Add leases.autumn to Pulumi.dev.yaml",
    ),
    (
        "sender-pinned-to-lane",
        "lane outside",
        lambda s: s["deployment"].props["metadata"].update(namespace="default"),
        "outside every campaign's namespace",
    ),
    ("lane-leased-once", "two senders", second_sender, "sends from lane amber, and so does"),
    ("images-by-digest", "tag", container(image="sender:latest"), "container gate, names its image as sender:latest"),
    ("images-by-digest", "zeros", container(image="sender@sha256:" + "0" * 64), "digest of zeros"),
    ("images-by-digest", "unknown", container(image=UNKNOWN), "(known after deployment)"),
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
    ("no-host-access", "unknown volumes", lambda s: pod(s).update(volumes=UNKNOWN), "after deployment (volumes)"),
    ("no-host-access", "unknown container", lambda s: pod(s).update(containers=[UNKNOWN]), "(containers[0])"),
    (
        "no-host-access",
        "unknown capabilities",
        security(capabilities={"add": UNKNOWN}),
        "containers[1].securityContext.capabilities.add",
    ),
]
