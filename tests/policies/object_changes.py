"""Changes to the objects of a sound campaign or environment, of which mutants are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policies.harness import IMAGE, UNKNOWN, Declared, kubernetes

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
WHERE = "campaign-spring-sale"
RBAC = "rbac.authorization.k8s.io/v1"
PRIVATE_KEY = "-----BEGIN PRIVATE " + "KEY-----\nMIIB\n"
"""The looks of a key; in two parts, so that no scanner takes this file for a leak."""


def template(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack["deployment"].props["spec"]["template"]
    return found


def pod(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = template(stack)["spec"]
    return found


def pod_labels(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = template(stack)["metadata"]["labels"]
    return found


def spec(name: str, **fields: Any) -> Change:
    """Sets fields of an object's spec."""
    return lambda stack: stack[name].props["spec"].update(fields)


def container(**fields: Any) -> Change:
    """Sets fields of the gate's container."""
    return lambda stack: pod(stack)["containers"][1].update(fields)


def security(**fields: Any) -> Change:
    """Sets fields of the gate's security context."""
    return lambda stack: pod(stack)["containers"][1]["securityContext"].update(fields)


def hard(**bounds: Any) -> Change:
    """Sets bounds of the quota; `__` stands for a dot."""
    named = {key.replace("__", "."): value for key, value in bounds.items()}
    return lambda stack: stack["quota"].props["spec"]["hard"].update(named)


def volume(**source: Any) -> Change:
    return lambda stack: pod(stack)["volumes"].append({"name": "v", **source})


def add(api: str, name: str = "added", namespace: str = WHERE, stack: str = "spring-sale.dev", **fields: Any) -> Change:
    """Adds an object to the stack, one that the workload waits for."""

    def change(objects: Stack) -> None:
        made = kubernetes(api, name, namespace, stack=stack, **fields)
        objects["added"] = made
        if "deployment" in objects:
            objects["deployment"].depends_on.append(made)

    return change


def claim(**fields: Any) -> Change:
    return add("core/v1:PersistentVolumeClaim", spec=fields)


def role(kind: str = "Role", stack: str = "spring-sale.dev", **rule: Any) -> Change:
    sound = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    return add(f"{RBAC}:{kind}", namespace=WHERE if kind == "Role" else "", stack=stack, rules=[{**sound, **rule}])


def binding(name: str = "prometheus", kind: str = "ServiceAccount", **subject: Any) -> Change:
    """Adds a binding of the role that Prometheus has to somebody."""
    ref = {"kind": "ClusterRole", "name": "warmlane-monitoring-prometheus"}
    subjects = [{"kind": kind, "name": name, **subject}]
    return add(f"{RBAC}:RoleBinding", stack="dev", namespace="warmlane-monitoring", roleRef=ref, subjects=subjects)


def service(**fields: Any) -> Change:
    return spec("service", **fields)


def balanced(*ports: dict[str, Any]) -> Change:
    """Makes the sender's Service one of a load balancer's, without ports of nodes."""
    return service(type="LoadBalancer", allocateLoadBalancerNodePorts=False, ports=list(ports))


def variable(name: str, value: Any) -> Change:
    return lambda stack: pod(stack)["containers"][0]["env"].append({"name": name, "value": value})


def data(text: Any, key: str = "extra") -> Change:
    return lambda stack: stack["config"].props["data"].update({key: text})


def annotation(name: str, value: str) -> Change:
    return lambda stack: stack["config"].props["metadata"].setdefault("annotations", {}).update({name: value})


def late(*names: str) -> Change:
    """Lets the workload wait for some objects no longer."""

    def change(stack: Stack) -> None:
        gone = [stack[name] for name in names]
        for item in stack.values():
            item.depends_on = [other for other in item.depends_on if other not in gone]

    return change


def level(label: Any, version: Any = None) -> Change:
    def change(stack: Stack) -> None:
        labels = stack["namespace"].props["metadata"]["labels"]
        labels["pod-security.kubernetes.io/enforce"] = label
        if version is not None:
            labels["pod-security.kubernetes.io/enforce-version"] = version

    return change


def merged(stack: Stack) -> None:
    """A second quota, which alone bounds what the first one leaves open, is only for pods that end."""
    stack["quota"].props["spec"]["hard"].pop("pods")
    terminating = {"hard": {"pods": "3"}, "scopes": ["Terminating"]}
    stack["second"] = kubernetes("core/v1:ResourceQuota", "second", WHERE, spec=terminating)


def debug() -> dict[str, Any]:
    """An ephemeral container that is not confined."""
    return {"name": "debug", "image": IMAGE, "securityContext": {"seccompProfile": {"type": "Unconfined"}}}


def patched(stack: Stack) -> None:
    """Another resource makes the quota larger than the first one declares it."""
    stack["patch"] = kubernetes("core/v1:ResourceQuotaPatch", "campaign-quota", WHERE, spec={"hard": {"pods": "100"}})


def record(logical: str, sources: list[Declared] | None = None, **props: Any) -> Declared:
    """An A record outside every component, made from these resources."""
    made = {"records": sources} if sources else {}
    shape = {"type": "A", "records": UNKNOWN, **props}
    return Declared("aws:route53/record:Record", logical, shape, stack="dev", property_dependencies=made)
