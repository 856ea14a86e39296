"""Ways round the policies of a namespace: other kinds, other places, and what no rule would be shown.

The same shape as in `campaign_mutants.py`, which has the ways to widen a NetworkPolicy.
"""

from __future__ import annotations

from typing import Any

from tests.policies.campaign_mutants import SMTP, WHERE, Change, Stack, block, egress, ingress, pods, smtp_block
from tests.policies.harness import UNKNOWN, Declared, kubernetes

POLICY = "networking.k8s.io/v1:NetworkPolicy"
CILIUM_POLICY = "cilium.io/v2:CiliumNetworkPolicy"
PLATFORM, MONITORING = "warmlane-platform", "warmlane-monitoring"
OPEN = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
WIDE, UNSEEN, PLACE, DENY = (
    "no-wide-allow",
    "no-unseen-objects",
    "objects-in-own-namespace",
    "default-deny-present",
)


def add(api: str, namespace: str = WHERE, stack: str = "spring-sale.dev", **rest: Any) -> Change:
    return lambda found: found.update(added=kubernetes(api, "added", namespace, stack=stack, **rest))


def resource(type_: str, *, parents: str = "", **props: Any) -> Change:
    return lambda found: found.update(added=Declared(type_, "added", props, stack="spring-sale.dev", parents=parents))


def nowhere(name: str) -> Change:
    return lambda found: found[name].props["metadata"].pop("namespace")


def metadata(of: str, **changes: Any) -> Change:
    return lambda found: found[of].props["metadata"].update(changes)


def other_type(name: str, type_: str) -> Change:
    return lambda found: setattr(found[name], "type", type_)


def rule(**fields: Any) -> Change:
    body = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [fields]}
    return add(POLICY, spec=body)


def exception(old: str, new: str) -> Change:
    def change(stack: Stack) -> None:
        listed = smtp_block(stack)["except"]
        listed[listed.index(old)] = new

    return change


DNS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
ASK = {"protocol": "UDP", "port": 53}

NETWORK_CAMPAIGN_MUTANTS: list[tuple[str, str, Change, str]] = [
    (DENY, "another name", metadata("default-deny", name="deny-all"), "under that very name"),
    (DENY, "a name that the provider makes up", lambda s: s["default-deny"].props["metadata"].pop("name"), "very name"),
    (
        DENY,
        "a patch",
        other_type("default-deny", "kubernetes:networking.k8s.io/v1:NetworkPolicyPatch"),
        "has no NetworkPolicy around it",
    ),
    (
        WIDE,
        "all of the platform",
        lambda s: s["store-egress"].props["spec"]["egress"][0]["to"][0].pop("podSelector"),
        "store-egress allows egress",
    ),
    (
        WIDE,
        "siblings of every campaign",
        lambda s: s["sibling-handover"].props["spec"]["ingress"][0]["from"][0].update(namespaceSelector={}),
        "sibling-handover allows ingress",
    ),
    (
        WIDE,
        "whoever is in the namespace takes handed over mail",
        lambda s: s["sibling-handover"].props["spec"]["egress"][0]["to"][0].update(podSelector={}),
        "sibling-handover allows egress",
    ),
    (
        WIDE,
        "siblings on port 25",
        lambda s: s["sibling-handover"].props["spec"]["ingress"][0].update(ports=[SMTP]),
        "sibling-handover allows ingress",
    ),
    (
        WIDE,
        "the store's other ports",
        lambda s: s["store-egress"].props["spec"]["egress"][0].pop("ports"),
        "store-egress allows egress",
    ),
    (WIDE, "all of IPv6", egress(block("::/0"), SMTP), "Too wide: ::/0"),
    (WIDE, "private IPv6", egress(block("fd00:ec2::254/128"), SMTP), "fd00:ec2::254/128"),
    (WIDE, "IPv4 as IPv6", egress(block("::ffff:0.0.0.0/96"), SMTP), "Write it as 0.0.0.0/0"),
    (WIDE, "the pods' range", exception("10.0.0.0/8", "10.0.0.0/9"), "Too wide: 10.128.0.0/9"),
    (WIDE, "half of the nodes' range", exception("198.51.100.0/24", "198.51.100.0/25"), "Too wide: 198.51.100.128/25"),
    (WIDE, "an exception elsewhere", exception("198.51.100.0/24", "198.51.100.0/33"), "is no CIDR"),
    (WIDE, "a named port", egress(block("203.0.113.0/24"), {"port": "smtp"}), "on TCP smtp"),
    (WIDE, "every port of TCP", egress(block("203.0.113.0/24"), {"protocol": "TCP"}), "on TCP every port"),
    (WIDE, "ports before", egress(block("203.0.113.0/24"), {"port": 24, "endPort": 25}), "allow port 25 only"),
    (WIDE, "an empty list of ports", rule(to=[block("203.0.113.0/24")], ports=[]), "on every port"),
    (WIDE, "an empty list of peers", rule(to=[], ports=[SMTP]), "to anywhere on TCP 25"),
    (WIDE, "an empty rule", rule(), "to anywhere on every port"),
    (
        WIDE,
        "without policyTypes",
        add(POLICY, spec={"podSelector": {}, "egress": [{"ports": [SMTP]}]}),
        "to anywhere on TCP 25",
    ),
    (
        WIDE,
        "rules that do nothing yet",
        add(POLICY, spec={"podSelector": {}, "policyTypes": ["Ingress"], "egress": [{}]}),
        "policyTypes does not name Egress",
    ),
    (
        WIDE,
        "some labels of the DNS pods",
        egress({**DNS, "podSelector": {"matchExpressions": [{"key": "k8s-app", "operator": "Exists"}]}}, ASK),
        "podSelector to k8s-app=kube-dns",
    ),
    (
        WIDE,
        "not that namespace",
        egress(
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["default"]}
                    ]
                },
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            },
            ASK,
        ),
        "so other campaigns' as well",
    ),
    (
        WIDE,
        "two campaigns",
        egress(
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {
                            "key": "kubernetes.io/metadata.name",
                            "operator": "In",
                            "values": ["kube-system", "campaign-newsletter"],
                        }
                    ]
                },
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            },
            ASK,
        ),
        "another campaign's namespace campaign-newsletter",
    ),
    (
        WIDE,
        "metrics for another namespace",
        ingress(pods("producers", **{"app.kubernetes.io/name": "prometheus"}), {"port": 9100}),
        "on TCP 9100",
    ),
    (WIDE, "producers to every pod", add(POLICY, spec={"ingress": [{"ports": [SMTP]}]}), "from anywhere on TCP 25"),
    (
        WIDE,
        "unknown to the API",
        add(POLICY, spec={"podSelector": {}, "egress": [{"toFQDNs": ["example.test"]}]}),
        "spec.egress[0].toFQDNs is no field",
    ),
    (WIDE, "no namespace", nowhere("smtp-egress"), "has no metadata.namespace"),
    (WIDE, "in default", add(POLICY, "default", spec=OPEN), "is in a namespace that is not Warmlane's"),
    (WIDE, "a patch", add("networking.k8s.io/v1:NetworkPolicyPatch", spec=OPEN), "is patched"),
    (WIDE, "Cilium's, in no namespace", add(CILIUM_POLICY, ""), "CiliumNetworkPolicy"),
    (WIDE, "Cilium's, in default", add(CILIUM_POLICY, "default"), "CiliumNetworkPolicy default/added"),
    (WIDE, "a set of ranges", add("cilium.io/v2:CiliumCIDRGroup"), "CiliumCIDRGroup"),
    (WIDE, "a redirect", add("cilium.io/v2:CiliumLocalRedirectPolicy"), "CiliumLocalRedirectPolicy"),
    (WIDE, "an admin's", add("policy.networking.k8s.io/v1alpha1:AdminNetworkPolicy", ""), "every campaign at once"),
    (UNSEEN, "a release", resource("kubernetes:helm.sh/v3:Release", chart="x"), "is made by Helm"),
    (UNSEEN, "a chart", resource("kubernetes:helm.sh/v4:Chart"), "is made by Helm"),
    (UNSEEN, "a file", resource("kubernetes:yaml:ConfigFile"), "is made by a manifest file"),
    (UNSEEN, "a group of files", resource("kubernetes:yaml/v2:ConfigGroup"), "is made by a manifest file"),
    (UNSEEN, "a directory", resource("kubernetes:kustomize/v2:Directory"), "is made by Kustomize"),
    (
        UNSEEN,
        "what a file holds",
        resource("kubernetes:core/v1:ConfigMap", parents="kubernetes:yaml:ConfigFile$"),
        "is made by a manifest file",
    ),
    (
        UNSEEN,
        "a command",
        resource("command:local:Command", create="kubectl"),
        "The type command:local:Command of added",
    ),
    (UNSEEN, "a dynamic resource", resource("pulumi-python:dynamic:Resource"), "type pulumi-python:dynamic:Resource"),
    (UNSEEN, "another provider", resource("pulumi:providers:command"), "The type pulumi:providers:command"),
    (UNSEEN, "an add-on", resource("aws:eks/addon:Addon", addonName="vpc-cni"), "is made by an EKS add-on"),
    (UNSEEN, "a list", add("networking.k8s.io/v1:NetworkPolicyList", items=[]), "holds objects that no rule looks at"),
    (UNSEEN, "a patch", add("core/v1:NamespacePatch"), "holds only a part of an object"),
    (UNSEEN, "another's kind", add("helm.toolkit.fluxcd.io/v2:HelmRelease"), "group helm.toolkit.fluxcd.io"),
    (UNSEEN, "another of Cilium's kinds", add("cilium.io/v2:CiliumNodeConfig"), "of the API group cilium.io"),
    (PLACE, "no namespace", nowhere("deployment"), "has no metadata.namespace"),
    (PLACE, "an empty namespace", metadata("config", namespace=""), "has no metadata.namespace"),
    (PLACE, "unknown namespace", metadata("config", namespace=UNKNOWN), "cannot be decided from metadata.namespace"),
    (PLACE, "default", add("core/v1:ConfigMap", "default"), "is in default, and spring-sale.dev may declare"),
    (PLACE, "kube-system", add("core/v1:Pod", "kube-system"), "is in kube-system"),
    (PLACE, "another campaign", add("core/v1:ConfigMap", "campaign-newsletter"), "is in campaign-newsletter"),
    (PLACE, "the platform", add("core/v1:Secret", PLATFORM), f"objects of {WHERE} only"),
    (PLACE, "another Namespace", metadata("namespace", name="campaign-autumn"), "Namespace campaign-autumn is in"),
    (
        PLACE,
        "a Namespace without a name",
        lambda s: s["namespace"].props["metadata"].pop("name"),
        "is in a namespace that the provider names",
    ),
    (PLACE, "an object of the cluster", add("rbac.authorization.k8s.io/v1:ClusterRole", ""), "is of the whole cluster"),
    (PLACE, "a kind that nobody knows", add("example.test/v1:Thing", ""), "Thing"),
]

NETWORK_ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (WIDE, "Cilium's, in the platform", add(CILIUM_POLICY, PLATFORM, "dev"), f"CiliumNetworkPolicy {PLATFORM}/added"),
    (WIDE, "Cilium's, in monitoring", add(CILIUM_POLICY, MONITORING, "dev"), f"CiliumNetworkPolicy {MONITORING}/added"),
    (WIDE, "in a campaign", add(POLICY, WHERE, "dev", spec=OPEN), f"{WHERE}/added allows egress to anywhere"),
    (PLACE, "a campaign's object", add("core/v1:ConfigMap", WHERE, "dev"), f"is in {WHERE}, and dev may declare"),
    (PLACE, "default", add("core/v1:ConfigMap", "default", "dev"), "is in default"),
    (PLACE, "no namespace", add("core/v1:ConfigMap", "", "dev"), "has no metadata.namespace"),
]
