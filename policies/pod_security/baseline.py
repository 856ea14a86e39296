"""The level `baseline`: no known way from a pod to its node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.pod_security.control import USER_NAMESPACE, Control, Place, Pod, one_of, unset

CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
SELINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
"""Sysctls that hold for the pod alone."""
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
NOT_TRUE = one_of(None, False)


def _host_namespaces(pod: Pod) -> list[Place]:
    return [pod.spec.at(field) for field in ("hostNetwork", "hostPID", "hostIPC")]


def added_capabilities(pod: Pod) -> list[Place]:
    """Each capability that a container adds."""
    return [place for added in pod.in_containers("securityContext", "capabilities", "add") for place in added.entries()]


def _host_ports(pod: Pod) -> list[Place]:
    return [port.at("hostPort") for ports in pod.in_containers("ports") for port in ports.entries()]


def _probe_hosts(pod: Pod) -> Iterator[Place]:
    handlers = [*((probe,) for probe in PROBES), *(("lifecycle", hook) for hook in HOOKS)]
    for container in pod.containers():
        for handler in handlers:
            for action in ("httpGet", "tcpSocket"):
                yield container.at(*handler, action, "host")


def _apparmor_annotations(pod: Pod) -> list[Place]:
    annotations = pod.metadata.at("annotations")
    if not isinstance(annotations.value, dict):
        return [annotations]
    return [annotations.at(key) for key in annotations.value if key.startswith(APPARMOR_ANNOTATION)]


def _apparmor_allows(value: Any) -> bool:
    return value in (None, "", "runtime/default") or str(value).startswith("localhost/")


def _selinux_identity(pod: Pod) -> list[Place]:
    return [*pod.security("seLinuxOptions", "user"), *pod.security("seLinuxOptions", "role")]


def _sysctls(pod: Pod) -> list[Place]:
    return [entry.at("name") for entry in pod.spec.at("securityContext", "sysctls").entries()]


BASELINE = (
    Control("hostNamespaces", _host_namespaces, NOT_TRUE, "false", reaches_host=True),
    Control(
        "privileged",
        lambda pod: pod.in_containers("securityContext", "privileged"),
        NOT_TRUE,
        "false",
        reaches_host=True,
    ),
    Control(
        "windowsHostProcess",
        lambda pod: pod.security("windowsOptions", "hostProcess"),
        NOT_TRUE,
        "false",
        reaches_host=True,
    ),
    Control(
        "hostPathVolumes",
        lambda pod: [volume.at("hostPath") for volume in pod.spec.at("volumes").entries()],
        unset,
        "no path of the node: an emptyDir or a claim",
        reaches_host=True,
    ),
    Control("hostPorts", _host_ports, one_of(None, 0), "no port of the node: publish by a Service", reaches_host=True),
    Control(
        "hostProbesAndHostLifecycle",
        _probe_hosts,
        one_of(None, ""),
        "no other host than the pod",
        reaches_host=True,
    ),
    Control(
        "capabilities_baseline",
        added_capabilities,
        one_of(*CAPABILITIES),
        ", ".join(CAPABILITIES),
        reaches_host=True,
    ),
    Control(
        "procMount",
        lambda pod: pod.in_containers("securityContext", "procMount"),
        one_of(None, "Default"),
        "Default",
        exempt=USER_NAMESPACE,
        reaches_host=True,
    ),
    Control("appArmorProfile", _apparmor_annotations, _apparmor_allows, "runtime/default or localhost/<profile>"),
    Control(
        "appArmorProfile",
        lambda pod: pod.security("appArmorProfile", "type"),
        one_of(None, "RuntimeDefault", "Localhost"),
        "RuntimeDefault or Localhost",
    ),
    Control(
        "seLinuxOptions",
        lambda pod: pod.security("seLinuxOptions", "type"),
        one_of(None, "", *SELINUX_TYPES),
        ", ".join(SELINUX_TYPES),
    ),
    Control("seLinuxOptions", _selinux_identity, one_of(None, ""), "none"),
    Control(
        "seccompProfile_baseline",
        lambda pod: pod.security("seccompProfile", "type"),
        one_of(None, "RuntimeDefault", "Localhost"),
        "RuntimeDefault or Localhost",
    ),
    Control("sysctls", _sysctls, one_of(*SYSCTLS), ", ".join(SYSCTLS)),
)
