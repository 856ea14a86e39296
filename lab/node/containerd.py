"""containerd of the lab: its own root, state and socket beside a containerd or Docker that the machine may have."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import settings
from lab.network.commands import CommandFailed, run
from lab.node import cilium
from lab.node.processes import NotReady, Service

SOCKET = settings.RUN / "containerd.sock"
CONFIG = settings.STATE / "containerd.toml"
CNI_PROGRAMS = settings.STATE / "cni" / "bin"
CNI_NETWORKS = settings.STATE / "cni" / "net.d"
KUBERNETES = "k8s.io"
"""containerd's namespace of everything that the kubelet runs."""
LOOPBACK = Path("/usr/lib/cni/loopback")


def config(pause: str) -> str:
    """containerd's configuration; `pause` is the image of a pod's first process."""
    return f"""version = 2
root = "{settings.STATE}/containerd"
state = "{settings.RUN}/containerd"
# The plugin would make /opt/containerd; the others look for file systems that the lab does not use.
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
# A container that is killed for memory may not take the runtime along; below 0 needs CAP_SYS_RESOURCE.
oom_score = 0

[grpc]
  address = "{SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE no process may lower its score, and every sandbox would fail.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PROGRAMS}"
    conf_dir = "{CNI_NETWORKS}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{settings.RUN}/runc"
"""


def prepare(cilium_cni: Path, pause: str) -> None:
    """Writes the configuration and lays out the programs that set up a pod's network. Raises NotReady."""
    if not LOOPBACK.exists():
        raise NotReady(f"{LOOPBACK} is missing: install the package containernetworking-plugins.")
    CNI_PROGRAMS.mkdir(parents=True, exist_ok=True)
    CNI_NETWORKS.mkdir(parents=True, exist_ok=True)
    for program in (LOOPBACK, cilium_cni):
        link = CNI_PROGRAMS / program.name
        link.unlink(missing_ok=True)
        link.symlink_to(program)
    (CNI_NETWORKS / "05-cilium.conflist").write_text(cilium.network())
    CONFIG.write_text(config(pause))


def service() -> Service:
    return Service(
        name="containerd",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[shutil.which("containerd") or "containerd", f"--config={CONFIG}"],
        # The CNI plugin is started by containerd and inherits from it where the agent listens.
        environment={"CILIUM_SOCK": str(cilium.SOCKET)},
        ready=ready,
    )


def ready() -> bool:
    try:
        ctr("version", timeout=5)
    except CommandFailed:
        return False
    return True


def ctr(*arguments: str | Path, timeout: float = 300) -> str:
    """Runs containerd's own client on the kubelet's images and containers. Raises CommandFailed."""
    return run("ctr", f"--address={SOCKET}", f"--namespace={KUBERNETES}", *arguments, timeout=timeout)
