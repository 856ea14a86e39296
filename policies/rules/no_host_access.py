"""No pod reaches into its node, whatever namespace it is in and whatever level that enforces."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes, pod_security
from policies.plain import UNKNOWN, at, items
from policies.pod_security.inputs import HOST
from policies.rule import About, Resource, resource_rule

ABOUT = About(
    name="no-host-access",
    display_name="No host access",
    description=(
        "Pods use no host namespace, privilege, host port, host path or masked part of /proc, ask no other host in "
        "probes, and add no capability that Postfix does not need."
    ),
    why="A pod in its node's network is outside every NetworkPolicy; one in its file system is every other pod.",
    remediation="Remove the field that the message names; a sender needs nothing of its node.",
    severity=Severity.CRITICAL,
    inputs=HOST,
)

CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
)
"""What Postfix's master needs beside an empty set; all of them are within Pod Security's `baseline`."""
HOST_CONTROLS = {control.name for control in pod_security.CONTROLS["baseline"] if control.reaches_host}


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.has_pods(resource):
        return
    what, template = kubernetes.title(resource), kubernetes.pod_template(resource)
    for finding in pod_security.evaluate("baseline", at(template, "metadata"), at(template, "spec")):
        if finding.control in HOST_CONTROLS - {"capabilities_baseline"} and not finding.unknown:
            yield f"{what}: {finding.text()}. Remove it, or set it so."
    for container in kubernetes.containers(at(template, "spec")):
        added = items(container, "securityContext", "capabilities", "add")
        extra = [name for name in added if name not in CAPABILITIES and name is not UNKNOWN]
        if extra:
            yield (
                f"{what}, container {container.get('name')}, adds the capabilities {', '.join(map(str, extra))}. "
                f"Remove them; allowed are {', '.join(CAPABILITIES)}."
            )


RULE = resource_rule(ABOUT, judge)
