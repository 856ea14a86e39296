"""No pod of Warmlane reaches into its node: host namespaces, privilege, host ports and host paths are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes
from policies.plain import UNKNOWN, at, items, mapping, unknown_paths
from policies.rule import About, Resource, resource_rule

ABOUT = About(
    name="no-host-access",
    display_name="No host access",
    description=(
        "Pods use no host namespace, privilege, host port or host path; campaign namespaces enforce Pod Security."
    ),
    remediation="Remove the field that the message names; a sender needs nothing of its node.",
    severity=Severity.CRITICAL,
)

HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
CAPABILITIES = {
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
    "KILL",
    "NET_BIND_SERVICE",
}
"""What Postfix's master needs beside an empty set; all of them are within Pod Security's `baseline`."""
DECISIVE = re.compile(r"^(volumes|\w*[cC]ontainers)(\[\d+\])?$|\.(securityContext|ports)\b")
"""Paths in a pod's spec whose value decides what it reaches; one that is not known yet can't be judged."""
ENFORCE_LABEL = "pod-security.kubernetes.io/enforce"
LEVELS = ("baseline", "restricted")


def judge(resource: Resource) -> Iterator[str]:
    what = kubernetes.title(resource)
    if kubernetes.kind(resource) == "Namespace" and kubernetes.campaign(resource):
        level = mapping(resource.props, "metadata", "labels").get(ENFORCE_LABEL)
        if level not in LEVELS:
            yield f"{what} does not enforce Pod Security. Set its label {ENFORCE_LABEL} to baseline or restricted."
    if not kubernetes.has_pods(resource):
        return
    spec = at(kubernetes.pod_template(resource), "spec")
    if spec is UNKNOWN:
        yield f"{what} has a pod spec that is known only after deployment. Make it part of the plan."
        return
    hidden = [path for path in unknown_paths(spec) if DECISIVE.search(path)]
    if hidden:
        yield f"{what} has values known only after deployment ({', '.join(hidden)}). Make them part of the plan."
    for field in HOST_NAMESPACES:
        if at(spec, field) not in (None, False):
            yield (
                f"{what} sets {field}, which takes its pods out of every NetworkPolicy or into the node. Remove "
                f"{field}."
            )
    for volume in items(spec, "volumes"):
        if at(volume, "hostPath") is not None:
            yield (
                f"{what} mounts the node's file system by the volume {at(volume, 'name')}. Use an emptyDir or a claim "
                "instead."
            )
    if at(spec, "securityContext", "windowsOptions", "hostProcess") not in (None, False):
        yield f"{what} runs as a host process. Remove windowsOptions.hostProcess."
    for container in kubernetes.containers(spec):
        yield from _judge_container(what, container)


def _judge_container(what: str, container: dict[str, Any]) -> Iterator[str]:
    where = f"{what}, container {container.get('name')},"
    if at(container, "securityContext", "privileged") not in (None, False):
        yield f"{where} is privileged. Remove securityContext.privileged and add the capabilities that it needs."
    extra = [name for name in items(container, "securityContext", "capabilities", "add") if name not in CAPABILITIES]
    if extra:
        yield (
            f"{where} adds the capabilities {', '.join(map(str, extra))}. Remove them; allowed are "
            f"{', '.join(sorted(CAPABILITIES))}."
        )
    if at(container, "securityContext", "procMount") not in (None, "Default"):
        yield f"{where} unmasks /proc. Remove securityContext.procMount."
    for port in items(container, "ports"):
        if at(port, "hostPort") not in (None, 0):
            yield f"{where} takes port {at(port, 'hostPort')} of the node. Remove hostPort and publish by the Service."


RULE = resource_rule(ABOUT, judge)
