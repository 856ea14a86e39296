"""etcd: the API server's store, on the node's loopback, which no pod can reach."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import settings
from lab.network.commands import CommandFailed, run
from lab.node.processes import Service

CLIENT_URL = "http://127.0.0.1:2379"
_PEER_URL = "http://127.0.0.1:2380"
DATA = settings.STATE / "etcd"


def service(program: Path) -> Service:
    """The store. It does not wait for the disk: after a crash of the machine the whole lab is made anew."""
    return Service(
        name="etcd",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            "--name=lab",
            f"--data-dir={DATA}",
            f"--listen-client-urls={CLIENT_URL}",
            f"--advertise-client-urls={CLIENT_URL}",
            f"--listen-peer-urls={_PEER_URL}",
            f"--initial-advertise-peer-urls={_PEER_URL}",
            f"--initial-cluster=lab={_PEER_URL}",
            "--unsafe-no-fsync=true",
            "--log-level=warn",
        ],
        ready=ready,
    )


def ready() -> bool:
    """Whether a client gets through to it; asked in the node's namespace, as it listens nowhere else."""
    code = f"import urllib.request as r; r.urlopen('{CLIENT_URL}/health', timeout=2)"
    try:
        run(sys.executable, "-c", code, namespace=settings.NODE_NETNS, timeout=5)
    except CommandFailed:
        return False
    return True
