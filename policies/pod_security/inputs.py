"""What the Standards are decided from, as rules declare it."""

from __future__ import annotations

from policies.inputs import EACH, Path, plan
from policies.pod_security.baseline import HOOKS, PROBES
from policies.scopes import POD_TEMPLATES, in_containers

_HANDLERS: list[Path] = [(probe,) for probe in PROBES] + [("lifecycle", hook) for hook in HOOKS]

HOST = plan(
    POD_TEMPLATES,
    ("spec", "hostNetwork"),
    ("spec", "hostPID"),
    ("spec", "hostIPC"),
    ("spec", "hostUsers"),
    ("spec", "securityContext", "windowsOptions", "hostProcess"),
    ("spec", "volumes", EACH, "hostPath"),
    *in_containers("ports", EACH, "hostPort"),
    *(path for field in ("privileged", "procMount") for path in in_containers("securityContext", field)),
    *in_containers("securityContext", "capabilities", "add"),
    *in_containers("securityContext", "windowsOptions", "hostProcess"),
    *(
        path
        for handler in _HANDLERS
        for action in ("httpGet", "tcpSocket")
        for path in in_containers(*handler, action, "host")
    ),
)
"""Inputs of the controls that keep a pod from its node."""

REST = plan(
    POD_TEMPLATES,
    ("metadata", "annotations"),
    ("spec", "hostUsers"),
    ("spec", "os", "name"),
    ("spec", "securityContext"),
    *in_containers("securityContext"),
)
"""Inputs of all other controls."""
