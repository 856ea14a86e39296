"""Namespaces enforce the Pod Security level that is meant for them, and the pods of the plan pass it.

A pod that falls short is otherwise refused only when it starts: the update reports success, and the sender has no pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes, pod_security
from policies.inputs import plan
from policies.plain import UNKNOWN, at
from policies.pod_security.inputs import REST
from policies.rule import About, Resource, stack_rule
from policies.rules.no_host_access import HOST_CONTROLS
from policies.scopes import WORKLOADS, of_kinds
from warmlane import names

ABOUT = About(
    name="pod-security-level",
    display_name="Pod Security level",
    description=(
        "Campaigns' namespaces enforce Pod Security `baseline` or `restricted`, the platform's enforce `restricted`, "
        "and every pod of the plan passes what its namespace enforces."
    ),
    why="The API server judges pods and not their workloads, so a sender that falls short is deployed and never runs.",
    remediation=(
        "Label the namespace by components.namespaces.pod_security(), and give the pod the security context of "
        "components/sender_pod.py or components/workload.py."
    ),
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_kinds("Namespace"), ("metadata", "name"), ("metadata", "labels")),
        *plan(WORKLOADS, ("metadata", "namespace")),
        *REST,
    ),
)

ENFORCE = "pod-security.kubernetes.io/enforce"
ENFORCE_VERSION = "pod-security.kubernetes.io/enforce-version"
PLATFORM_NAMESPACES = (names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE)
LATEST = "latest"


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    declared = dict[str, pod_security.Level]()
    for resource in resources:
        if kubernetes.kind(resource) == "Namespace":
            level = _declared(resource)
            if level is not None:
                declared[kubernetes.namespace(resource)] = level
            for message in _judge_namespace(resource):
                yield message, resource
    for resource in filter(kubernetes.has_pods, resources):
        namespace = kubernetes.namespace(resource)
        strictest = max(declared.get(namespace, "privileged"), committed(namespace), key=pod_security.LEVELS.index)
        for message in _judge_pods(resource, strictest):
            yield message, resource
    namespaces = {kubernetes.namespace(resource) for resource in resources if kubernetes.kind(resource) == "Namespace"}
    for resource in kubernetes.first_of_each_namespace(resources):
        namespace = kubernetes.namespace(resource)
        if committed(namespace) != "privileged" and namespace not in namespaces:
            yield (
                f"{kubernetes.title(resource)} has pods in {namespace}, and the stack does not declare that Namespace, "
                f"so that nothing enforces Pod Security `{committed(namespace)}` there. Declare it.",
                resource,
            )


def committed(namespace: str) -> pod_security.Level:
    """The least level that a namespace is to enforce: Postfix' master needs root, the platform's pods need nothing."""
    if namespace in PLATFORM_NAMESPACES:
        return "restricted"
    return "baseline" if namespace.startswith(names.NAMESPACE_PREFIX) else "privileged"


def _declared(resource: Resource) -> pod_security.Level | None:
    label = at(resource.props, "metadata", "labels", ENFORCE)
    return next((level for level in pod_security.LEVELS if level == label), None)


def _judge_namespace(resource: Resource) -> Iterator[str]:
    what, least = kubernetes.title(resource), committed(kubernetes.namespace(resource))
    labels = at(resource.props, "metadata", "labels")
    level, version = at(labels, ENFORCE), at(labels, ENFORCE_VERSION)
    if least == "privileged" or UNKNOWN in (level, version):
        return
    if level is None and kubernetes.is_patch(resource):
        return
    enforced = _declared(resource)
    if enforced is None or pod_security.LEVELS.index(enforced) < pod_security.LEVELS.index(least):
        found = "does not enforce Pod Security" if level is None else f"enforces Pod Security `{level}`"
        yield f"{what} {found}, and at least `{least}` is committed for it. Set its label {ENFORCE} to {least}."
    if not _recent(version):
        newest = "v{}.{}".format(*pod_security.VERSION)
        yield (
            f"{what} enforces Pod Security as of {version}, which lacks newer controls. Set its label "
            f"{ENFORCE_VERSION} to {newest}."
        )


def _recent(version: object) -> bool:
    """Whether the Standards of this version hold all controls that are judged here; none means the newest."""
    if version in (None, LATEST):
        return True
    found = re.fullmatch(r"v(\d+)\.(\d+)", str(version))
    return found is not None and (int(found[1]), int(found[2])) >= pod_security.VERSION


def _judge_pods(resource: Resource, level: pod_security.Level) -> Iterator[str]:
    """What the level refuses beyond what `no-host-access` refuses everywhere."""
    template = kubernetes.pod_template(resource)
    for finding in pod_security.evaluate(level, at(template, "metadata"), at(template, "spec")):
        if finding.control not in HOST_CONTROLS and not finding.unknown:
            yield (
                f"{kubernetes.title(resource)}: {finding.text()} under Pod Security `{level}`, so the API server would "
                "refuse its pods. Set it so."
            )


RULE = stack_rule(ABOUT, judge)
