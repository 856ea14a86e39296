"""Cilium's agent: pod network, NetworkPolicies, Services without kube-proxy, and the egress gateway."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from pathlib import Path

from lab import settings
from lab.node import api, confines, pki
from lab.node.processes import Service

STATE = settings.RUN / "cilium"
LIBRARY = settings.STATE / "cilium"
SOCKET = STATE / "cilium.sock"
COMPILERS = settings.STATE / "compilers"
"""A directory for PATH in which Debian's clang-19 and llc-19 have the names that the agent calls."""


def network() -> str:
    """The CNI configuration: Cilium alone."""
    document = {
        "cniVersion": "0.3.1",
        "name": "cilium",
        "plugins": [{"type": "cilium-cni", "log-file": str(STATE / "cilium-cni.log")}],
    }
    return json.dumps(document, indent=2)


def prepare(bpf: Path) -> None:
    """Copies the BPF sources that the agent compiles, and gives the compilers their plain names."""
    if not (LIBRARY / "bpf").exists():
        shutil.copytree(bpf, LIBRARY / "bpf", copy_function=shutil.copyfile)
    COMPILERS.mkdir(parents=True, exist_ok=True)
    for name in ("clang", "llc"):
        link = COMPILERS / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/bin/{name}-19")


def custom_resources(kubectl: Path, directory: Path) -> None:
    """Applies Cilium's CRDs, which its operator would do: it is not built here."""
    api.apply_files(kubectl, sorted(directory.glob("*/*.yaml")))


def service(program: Path, path: str) -> Service:
    """The agent. `path` is the PATH to which the compilers are added."""
    server = f"https://{settings.NODE_ADDRESS}:6443"
    return Service(
        name="cilium-agent",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            f"--k8s-kubeconfig-path={pki.kubeconfig('cilium')}",
            f"--k8s-api-server-urls={server}",
            "--identity-allocation-mode=crd",
            "--ipam=kubernetes",
            "--enable-ipv6=false",
            "--routing-mode=native",
            f"--ipv4-native-routing-cidr={settings.POD_NETWORK}",
            "--enable-ipv4-masquerade",
            "--enable-bpf-masquerade",
            "--kube-proxy-replacement=true",
            # Else the socket load balancer serves every process below the cgroup root, not only those of the node.
            "--bpf-lb-sock-hostns-only=true",
            "--enable-egress-gateway",
            "--devices=eth0",
            "--enable-l7-proxy=false",
            "--enable-hubble=false",
            "--enable-health-checking=false",
            "--enable-endpoint-health-checking=false",
            "--enable-gops=false",
            f"--cgroup-root={confines.CGROUP2}",
            f"--bpf-root={confines.BPFFS}",
            f"--state-dir={STATE}",
            f"--socket-path={SOCKET}",
            f"--lib-dir={LIBRARY}",
        ],
        environment={"K8S_NODE_NAME": settings.NODE_NAME, "PATH": f"{COMPILERS}:{path}"},
        ready=ready,
        seconds=180,
    )


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the agent's unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(3)
        self.sock.connect(str(SOCKET))


def ready() -> bool:
    """Whether the agent serves and calls itself well."""
    connection = _SocketConnection("localhost")
    try:
        connection.request("GET", "/v1/healthz", headers={"brief": "true"})
        answer = connection.getresponse()
        if answer.status != 200:
            return False
        return bool(json.loads(answer.read())["cilium"]["state"] == "Ok")
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()
