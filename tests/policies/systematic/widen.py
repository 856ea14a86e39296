"""Something is let out further: addresses, ports, selectors, quotas, capabilities, rights, volumes of mail."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from cli.render.recording import Registration
from tests.policies.systematic.mutant import Maker, Mutants, is_kubernetes, kind, resources
from tests.policies.systematic.values import JSON, Path, walk
from warmlane import names

POLICIES = ("NetworkPolicy", "CiliumNetworkPolicy", "CiliumEgressGatewayPolicy")
CAPABILITIES = ("ALL", "NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE")
LAST_PORT = 65535
ENFORCE = "pod-security.kubernetes.io/enforce"
PEERS = {
    "all pods": {"namespaceSelector": {}},
    "all addresses": {"ipBlock": {"cidr": "0.0.0.0/0"}},
    "all IPv6 addresses": {"ipBlock": {"cidr": "::/0"}},
}
LESS = {"restricted": ("baseline", "privileged", "none"), "baseline": ("privileged", "none")}
"""By level, what is less; `none` is no level at all."""


def cidr(stack: str) -> Mutants:
    """A range grows to its parent or to everything; an exception shrinks to its half."""
    make = Maker(stack, "widen cidr")
    for one in resources(stack):
        for path, value in walk(one.inputs):
            network = _network(value)
            if network is None:
                continue
            if "except" in path or "excludedCIDRs" in path:
                for half in list(network.subnets())[:2]:
                    yield make.put(one, path, str(half), f"to {half}")
            elif network.prefixlen:
                yield make.put(one, path, str(network.supernet()), f"to {network.supernet()}")
                yield make.put(one, path, "0.0.0.0/0", "to everything")


def _network(value: Any) -> IPv4Network | None:
    if not isinstance(value, str) or "/" not in value:
        return None
    try:
        return IPv4Network(value)
    except ValueError:
        return None


def port(stack: str) -> Mutants:
    """A port of a policy becomes a range, another port, or every port."""
    make = Maker(stack, "widen port")
    for one, path, value in _in_policies(stack):
        if path[-1] == "port":
            yield make.put(one, (*path[:-1], "endPort"), LAST_PORT)
            for other in (22, 443) if kind(one) == "NetworkPolicy" else ("22", "0"):
                yield make.put(one, path, other, f"to {other}")
        if path[-1] == "ports" and isinstance(value, list):
            yield make.put(one, path, [], "to all")


def _in_policies(stack: str) -> Iterator[tuple[Registration, Path, Any]]:
    for one in resources(stack):
        if kind(one) in POLICIES:
            for path, value in walk(one.inputs["spec"], ("spec",)):
                yield one, path, value


def selector(stack: str) -> Mutants:
    """A selector of a policy's peers, of an egress policy or of a Service selects everything."""
    make = Maker(stack, "widen selector")
    for one, path, value in _in_policies(stack):
        inside = {"from", "to", "selectors", "fromEndpoints", "toEndpoints"} & set(path)
        if inside and path[-1] in ("podSelector", "namespaceSelector", "matchLabels", "nodeSelector") and value:
            yield make.put(one, path, {}, "to all")
        if path[-1] in ("from", "to"):
            yield make.put(one, path, [], "to all")
            for note, peer in PEERS.items():
                yield make.put(one, path, [*value, peer], f"and {note}")


def quota(stack: str) -> Mutants:
    """A bound of a quota is tenfold, or 5 where it was 0; or the quota holds for some pods only."""
    make = Maker(stack, "widen quota")
    for one in resources(stack):
        if kind(one) != "ResourceQuota":
            continue
        for path, value in walk(one.inputs["spec"], ("spec",)):
            if path[:2] == ("spec", "hard") and len(path) == 3:
                digits = "".join(filter(str.isdigit, str(value)))
                yield make.put(one, path, f"{int(digits) * 10 or 5}{str(value)[len(digits) :]}", "tenfold")
        yield make.put(one, ("spec", "scopes"), ["Terminating"])


def capability(stack: str) -> Mutants:
    make = Maker(stack, "widen capability")
    for one in resources(stack):
        for path, value in walk(one.inputs):
            if path[-1] == "capabilities":
                for added in CAPABILITIES:
                    yield make.put(one, (*path, "add"), [*value.get("add", []), added], f"and {added}")


def level(stack: str) -> Mutants:
    """A namespace enforces less."""
    make = Maker(stack, "widen level")
    for one in resources(stack):
        enforced = one.inputs.get("metadata", {}).get("labels", {}).get(ENFORCE) if kind(one) == "Namespace" else None
        for less in LESS.get(str(enforced), ()):
            yield make.put(one, ("metadata", "labels", ENFORCE), less, f"to {less}")


def rights(stack: str) -> Mutants:
    """A role may do more, or is another's as well."""
    make = Maker(stack, "widen rights")
    for one in resources(stack):
        if kind(one) not in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
            continue
        for path, value in walk(one.inputs):
            if path[-1] in ("verbs", "resources", "apiGroups") and isinstance(value, list):
                yield make.put(one, path, ["*"], "to all")
            if path[-1] == "verbs":
                for verb in ("create", "delete", "impersonate", "escalate"):
                    yield make.put(one, path, [*value, verb], f"and {verb}")
            if path[-1] == "resources" and isinstance(value, list):
                for what in ("secrets", "pods/exec"):
                    yield make.put(one, path, [*value, what], f"and {what}")
            if path == ("subjects",):
                every = {"kind": "Group", "name": "system:authenticated", "apiGroup": "rbac.authorization.k8s.io"}
                yield make.put(one, path, [*value, every], "and everybody")
            if path == ("roleRef", "name"):
                yield make.put(one, path, "cluster-admin", "to cluster-admin")


def volume(stack: str) -> Mutants:
    """More mail is allowed on a day, or earlier."""
    make = Maker(stack, "widen volume")
    for one in resources(stack):
        if not is_kubernetes(one) or one.inputs["metadata"]["name"] != names.SENDER_CONFIG_MAP:
            continue
        for path, value in walk(one.inputs["data"], ("data",)):
            if JSON in path and isinstance(value, int):
                yield make.put(one, path, value * 2 + 1, "more than doubled")
            if path[-1] == "starts":
                yield make.put(one, path, "2026-01-01", "earlier")
            if path[-1] == "limits":
                yield make.put(one, path, [value[-1]], "to the last at once")
