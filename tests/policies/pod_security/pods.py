"""Random pods that an API server takes as valid, most of them one step away from what `restricted` lets in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from policies.pod_security.baseline import APPARMOR_ANNOTATION, CAPABILITIES, SELINUX_TYPES, SYSCTLS

Object = dict[str, Any]
Step = Callable[[Random, Object], None]
"""Changes a pod, `{"metadata": …, "spec": …}`."""

IMAGE = "registry.example/pod@sha256:" + "ab" * 32
SOUND: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""A container's security context with everything that `restricted` asks for."""
SOURCES: dict[str, Object] = {
    "awsElasticBlockStore": {"volumeID": "v"},
    "azureDisk": {"diskName": "d", "diskURI": "https://disks.example/d", "kind": "Dedicated"},
    "azureFile": {"secretName": "s", "shareName": "s"},
    "cephfs": {"monitors": ["192.0.2.1"]},
    "cinder": {"volumeID": "v"},
    "configMap": {"name": "c"},
    "csi": {"driver": "csi.example.test"},
    "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]},
    "emptyDir": {},
    "ephemeral": {
        "volumeClaimTemplate": {
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        }
    },
    "fc": {"targetWWNs": ["50060e801049cfd1"], "lun": 0},
    "flexVolume": {"driver": "example.test/flex"},
    "flocker": {"datasetName": "d"},
    "gcePersistentDisk": {"pdName": "d"},
    "gitRepo": {"repository": "https://git.example/r"},
    "glusterfs": {"endpoints": "e", "path": "p"},
    "hostPath": {"path": "/var/lib/x"},
    "image": {"reference": IMAGE},
    "iscsi": {"targetPortal": "192.0.2.1:3260", "iqn": "iqn.2026-01.example:disk", "lun": 0},
    "nfs": {"server": "192.0.2.1", "path": "/x"},
    "persistentVolumeClaim": {"claimName": "c"},
    "photonPersistentDisk": {"pdID": "d"},
    "portworxVolume": {"volumeID": "v"},
    "projected": {"sources": [{"configMap": {"name": "c"}}]},
    "quobyte": {"registry": "192.0.2.1:7861", "volume": "v"},
    "rbd": {"monitors": ["192.0.2.1"], "image": "i"},
    "scaleIO": {"gateway": "https://gateway.example", "system": "s", "secretRef": {"name": "s"}, "volumeName": "v"},
    "secret": {"secretName": "s"},
    "storageos": {"volumeName": "v"},
    "vsphereVolume": {"volumePath": "[d] v"},
}
"""By volume type, the least that makes a valid volume."""
ADDED = (*CAPABILITIES, "ALL", "NET_ADMIN", "NET_RAW", "SYS_TIME", "CAP_CHOWN", "net_bind_service")
DROPPED: tuple[list[str], ...] = ([], ["ALL"], ["all"], ["NET_RAW"], ["KILL", "ALL"])
PROFILES: tuple[Object | None, ...] = (
    None,
    {"type": "RuntimeDefault"},
    {"type": "Unconfined"},
    {"type": "Localhost", "localhostProfile": "p.json"},
)
SELINUX: tuple[Object, ...] = (
    *({"type": type_} for type_ in (*SELINUX_TYPES, "spc_t", "")),
    {"user": "system_u"},
    {"role": "system_r"},
    {"level": "s0:c1,c2"},
    {"user": "", "role": "", "level": "s0"},
)
UNSAFE_SYSCTLS = ("kernel.msgmax", "net.core.somaxconn", "net.ipv4.ip_forward", "kernel.shmmax")
HOSTS = ("", "127.0.0.1", "::1", "metadata.example", "192.0.2.9")


def context(pod: Object) -> Object:
    """The pod's security context."""
    found: Object = pod["spec"].setdefault("securityContext", {})
    return found


def container(rng: Random, pod: Object) -> Object:
    """One of the containers; the first one is an init container in some pods."""
    chosen: Object = rng.choice([*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]])
    return chosen


def security(rng: Random, pod: Object) -> Object:
    """The security context of one of the containers."""
    found: Object = container(rng, pod).setdefault("securityContext", {})
    return found


def either(rng: Random, pod: Object) -> Object:
    """The security context of the pod, or of one of its containers."""
    return context(pod) if rng.random() < 0.5 else security(rng, pod)


def put(where: Object, key: str, value: Any) -> None:
    """Sets a field, or takes it away for None."""
    if value is None:
        where.pop(key, None)
    else:
        where[key] = copy.deepcopy(value)


def field(at: Callable[[Random, Object], Object], key: str, *values: Any) -> Step:
    """Gives a field one of the values."""
    return lambda rng, pod: put(at(rng, pod), key, rng.choice(values))


def spec(_rng: Random, pod: Object) -> Object:
    """The pod's spec."""
    found: Object = pod["spec"]
    return found


def add_volume(rng: Random, pod: Object) -> None:
    volumes = pod["spec"].setdefault("volumes", [])
    source = rng.choice([*SOURCES, None])
    volumes.append({"name": f"v{len(volumes)}", **({source: copy.deepcopy(SOURCES[source])} if source else {})})


def add_capabilities(rng: Random, pod: Object) -> None:
    added = rng.sample(ADDED, rng.choice((1, 1, 2)))
    security(rng, pod).setdefault("capabilities", {})["add"] = added


def drop_capabilities(rng: Random, pod: Object) -> None:
    put(security(rng, pod).setdefault("capabilities", {}), "drop", rng.choice((None, *DROPPED)))


def add_port(rng: Random, pod: Object) -> None:
    ports = container(rng, pod).setdefault("ports", [])
    number = 8000 + len(ports)
    ports.append(
        {"containerPort": number, "protocol": "TCP", **rng.choice(({}, {"hostPort": number}, {"hostPort": 0}))}
    )


def ask(rng: Random, pod: Object) -> None:
    """A probe or a hook that may ask another host. Init containers have none, unless they are sidecars."""
    host = rng.choice((None, *HOSTS))
    handler = rng.choice(({"httpGet": {"port": 8000}}, {"tcpSocket": {"port": 8000}}))
    action = {key: {**value, **({} if host is None else {"host": host})} for key, value in handler.items()}
    chosen = container(rng, pod)
    if chosen["name"].startswith("init"):
        chosen["restartPolicy"] = "Always"
    where = rng.choice(("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"))
    if where.endswith("Probe"):
        chosen[where] = action
    else:
        chosen.setdefault("lifecycle", {})[where] = action


def annotate_apparmor(rng: Random, pod: Object) -> None:
    profile = rng.choice(("runtime/default", "localhost/p", "unconfined"))
    pod["metadata"].setdefault("annotations", {})[APPARMOR_ANNOTATION + container(rng, pod)["name"]] = profile


def set_sysctls(rng: Random, pod: Object) -> None:
    chosen = rng.sample((*SYSCTLS, *UNSAFE_SYSCTLS), rng.choice((1, 2)))
    context(pod)["sysctls"] = [{"name": name, "value": "1"} for name in chosen]


def host_process(rng: Random, pod: Object) -> None:
    """Either all containers of a pod are host processes or none, and those have the host's network."""
    value = rng.choice((True, False))
    context(pod)["windowsOptions"] = {"hostProcess": value}
    if value:
        pod["spec"]["hostNetwork"] = True


STEPS: dict[str, Step] = {
    "hostNetwork": field(spec, "hostNetwork", True, False),
    "hostPID": field(spec, "hostPID", True, False),
    "hostIPC": field(spec, "hostIPC", True, False),
    "hostUsers": field(spec, "hostUsers", True, False),
    "operating system": field(spec, "os", {"name": "linux"}),
    "volume": add_volume,
    "added capabilities": add_capabilities,
    "dropped capabilities": drop_capabilities,
    "privileged": field(security, "privileged", True, False),
    "escalation": field(security, "allowPrivilegeEscalation", True, False, None),
    "read-only root": field(security, "readOnlyRootFilesystem", True, False),
    "procMount": field(security, "procMount", "Default", "Unmasked"),
    "port": add_port,
    "probe or hook": ask,
    "AppArmor annotation": annotate_apparmor,
    "AppArmor profile": field(either, "appArmorProfile", *PROFILES),
    "seccomp profile": field(either, "seccompProfile", *PROFILES),
    "SELinux options": field(either, "seLinuxOptions", *SELINUX),
    "sysctls": set_sysctls,
    "user": field(either, "runAsUser", 0, 1000, None),
    "non-root": field(either, "runAsNonRoot", True, False, None),
    "group": field(either, "runAsGroup", 0, 1000),
    "host process": host_process,
}
"""Everything that a random pod may differ by."""


def bare(rng: Random) -> Object:
    """A pod that says nothing of security."""
    containers = [{"name": f"main{number}", "image": IMAGE} for number in range(rng.choice((1, 1, 2)))]
    pod: Object = {"metadata": {}, "spec": {"containers": containers}}
    if rng.random() < 0.4:
        pod["spec"]["initContainers"] = [{"name": "init", "image": IMAGE}]
    return pod


def sound(rng: Random) -> Object:
    """A pod that `restricted` lets in: what it says stands in the pod's security context or in each container's."""
    pod, shared = bare(rng), rng.random() < 0.5
    for each in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
        each["securityContext"] = copy.deepcopy(SOUND)
        if shared:
            for key in ("runAsNonRoot", "seccompProfile"):
                context(pod)[key] = each["securityContext"].pop(key)
    return pod


def windows(rng: Random) -> Object:
    """A pod for Windows, which has no fields of Linux."""
    pod = bare(rng)
    pod["spec"]["os"] = {"name": "windows"}
    context(pod)["windowsOptions"] = {"runAsUserName": "ContainerUser"}
    put(context(pod), "runAsNonRoot", rng.choice((True, True, False, None)))
    if rng.random() < 0.5:
        add_volume(rng, pod)
    if rng.random() < 0.3:
        host_process(rng, pod)
    return pod


def random_pod(rng: Random) -> tuple[Object, list[str]]:
    """A valid pod, and the names of the steps that led from a sound or a bare one to it."""
    roll = rng.random()
    if roll < 0.08:
        return windows(rng), ["windows"]
    pod = bare(rng) if roll < 0.2 else sound(rng)
    chosen = rng.sample(sorted(STEPS), rng.choice((0, 1, 1, 1, 1, 2, 2, 3)))
    for name in chosen:
        STEPS[name](rng, pod)
    make_valid(pod)
    return pod, chosen


def ephemeral_container(rng: Random) -> tuple[Object, list[str]]:
    """A container as `kubectl debug` adds it to a running pod: it has neither ports, probes nor hooks."""
    pod = {"metadata": {}, "spec": {"containers": [{"name": "debug", "image": IMAGE}]}}
    pod["spec"]["containers"][0]["securityContext"] = copy.deepcopy(SOUND)
    steps = ("added capabilities", "dropped capabilities", "privileged", "escalation")
    chosen = rng.sample((*steps, "AppArmor profile", "seccomp profile", "SELinux options", "user", "non-root"), 1)
    STEPS[chosen[0]](rng, pod)
    make_valid(pod)
    found: Object = pod["spec"]["containers"][0]
    return found, ["ephemeral container", *chosen]


def make_valid(pod: Object) -> None:
    """Takes back what the API itself refuses, whatever the Pod Security level: contradictions between fields."""
    spec = pod["spec"]
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    if any(each.get("securityContext", {}).get("procMount") == "Unmasked" for each in containers):
        spec["hostUsers"] = False
    if spec.get("hostUsers") is False:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            spec.pop(key, None)
        spec.get("securityContext", {}).get("windowsOptions", {}).pop("hostProcess", None)
    if "os" in spec:
        spec.get("securityContext", {}).pop("windowsOptions", None)
    if spec.get("securityContext", {}).get("windowsOptions", {}).get("hostProcess"):
        spec["hostNetwork"] = True
    if spec.get("hostNetwork") or spec.get("hostIPC"):
        spec.get("securityContext", {}).pop("sysctls", None)
    if spec.get("hostNetwork"):
        for each in containers:
            each.pop("ports", None)
    if pod["metadata"].get("annotations"):
        for found in (spec, *containers):
            found.get("securityContext", {}).pop("appArmorProfile", None)
    for each in containers:
        own = each.get("securityContext", {})
        if own.get("privileged"):
            own.pop("allowPrivilegeEscalation", None)
