"""What rules answer of published guidance. An item says that the rule refuses what the guidance warns of, no more.

Sources: CIS Kubernetes Benchmark 1.10, section 5, as kube-bench numbers it (aquasecurity/kube-bench,
cfg/cis-1.10/policies.yaml, 1ba3ca5); NSA and CISA, Kubernetes Hardening Guidance 1.2 (August 2022), by section; Google,
Email sender guidelines (support.google.com/a/answer/81126). Read in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

CIS = "CIS Kubernetes Benchmark 1.10"
NSA = "NSA/CISA Kubernetes Hardening Guidance 1.2"
GOOGLE = "Google Email sender guidelines"


@dataclass(frozen=True)
class Item:
    """What a rule answers of a framework, such as `5.2.5 host network` of the CIS benchmark."""

    framework: str
    item: str

    def __str__(self) -> str:
        return f"{self.framework}: {self.item}"


def _items(framework: str, *items: str) -> tuple[Item, ...]:
    return tuple(Item(framework, item) for item in items)


ITEMS: dict[str, tuple[Item, ...]] = {
    "address-protected": _items(GOOGLE, "the sending address has a PTR record"),
    "day-length-shipped": _items(GOOGLE, "increase the sending volume slowly"),
    "default-deny-present": (
        *_items(CIS, "5.3.2 NetworkPolicies in all namespaces"),
        *_items(NSA, "Network policies: deny all ingress and egress by default"),
    ),
    "images-by-digest": _items(CIS, "5.5.1 image provenance"),
    "isolation-before-workload": _items(NSA, "Network policies: isolate Pods before they run"),
    "lane-graph": _items(GOOGLE, "the sending address has a PTR record, and its host name that address"),
    "no-host-access": (
        *_items(CIS, "5.2.2 privileged", "5.2.3 hostPID", "5.2.4 hostIPC", "5.2.5 hostNetwork", "5.2.9 capabilities"),
        *_items(CIS, "5.2.11 Windows HostProcess", "5.2.12 hostPath", "5.2.13 hostPort"),
        *_items(NSA, "Pod security enforcement"),
    ),
    "no-host-volumes": _items(CIS, "5.2.12 hostPath"),
    "no-service-account-token": (
        *_items(CIS, "5.1.6 tokens only where necessary"),
        *_items(NSA, "Protecting Pod service account tokens"),
    ),
    "no-wide-allow": (
        *_items(CIS, "5.3.2 NetworkPolicies in all namespaces"),
        *_items(NSA, "Network policies: allow what is needed"),
    ),
    "objects-in-own-namespace": (
        *_items(CIS, "5.7.1 boundaries by namespaces", "5.7.4 default namespace"),
        *_items(NSA, "Namespaces"),
    ),
    "pod-security-level": (
        *_items(CIS, "5.2.1 policy control mechanism", "5.2.6 privilege escalation", "5.2.7 root", "5.2.8 NET_RAW"),
        *_items(CIS, "5.2.10 capabilities", "5.7.2 seccomp", "5.7.3 security context"),
        *_items(NSA, "Pod security enforcement"),
    ),
    "quota-and-limits-present": _items(NSA, "Resource policies"),
    "rbac-least-privilege": (
        *_items(CIS, "5.1.2 secrets", "5.1.3 wildcards", "5.1.4 create pods", "5.1.8 bind, impersonate, escalate"),
        *_items(NSA, "Authentication and authorization: least privilege"),
    ),
    "secrets-in-secrets": (*_items(CIS, "5.4.1 secrets as files"), *_items(NSA, "Secrets")),
    "services-inside-cluster": _items(NSA, "Network separation and hardening"),
    "warm-up-schedule": _items(GOOGLE, "increase the sending volume slowly"),
    "warm-up-upper-bound": _items(GOOGLE, "increase the sending volume slowly"),
}
"""By rule."""
