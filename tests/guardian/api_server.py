"""A real API server on the loopback, with its own etcd, ports and directory: no lab, no node."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import toolchain
from services.guardian.kubernetes import Api, Away, Refused

TOKEN = "tests"
SECONDS = 60.0


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster(Api):
    """An administrator's way to an API server, and what others need to find and trust it."""

    def __init__(self, url: str, authority: Path) -> None:
        super().__init__(url, lambda: TOKEN, ssl.create_default_context(cafile=str(authority)))
        self.url, self.authority = url, authority


@contextmanager
def running(directory: Path) -> Iterator[Cluster]:
    """An administrator's way to a server that is ready; it ends, and so does its etcd, with the block."""
    tools = toolchain.built()
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (directory / "accounts.key").write_bytes(private)
    (directory / "tokens.csv").write_text(f"{TOKEN},admin,1,system:masters\n")
    store, peers, port = (_port() for _ in range(3))
    etcd = [
        tools.path("etcd"),
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{store}",
        f"--advertise-client-urls=http://127.0.0.1:{store}",
        f"--listen-peer-urls=http://127.0.0.1:{peers}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
        f"--initial-cluster=default=http://127.0.0.1:{peers}",
        "--unsafe-no-fsync=true",
    ]
    server = [
        tools.path("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={directory / 'certificates'}",
        "--service-cluster-ip-range=198.18.0.0/24",
        "--authorization-mode=RBAC",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory / 'accounts.key'}",
        f"--service-account-signing-key-file={directory / 'accounts.key'}",
        "--disable-admission-plugins=ServiceAccount",
        "--profiling=false",
    ]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (etcd, server):
            with (directory / f"{Path(command[0]).name}.log").open("wb") as log:
                started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        url = f"https://127.0.0.1:{port}"
        # The server makes its own certificate when it starts.
        authority = directory / "certificates" / "apiserver.crt"
        _until(authority.exists, started, directory)
        cluster = Cluster(url, authority)
        _until(lambda: _ready(cluster), started, directory)
        yield cluster
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ready(cluster: Api) -> bool:
    try:
        # The namespaces that the server makes for itself are the last thing it makes.
        return cluster.find("/api/v1/namespaces/default") is not None
    except (Away, Refused):
        return False


def _until(true: Callable[[], bool], started: list[subprocess.Popen[bytes]], directory: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        ended = [each.args for each in started if each.poll() is not None]
        assert not ended, f"{ended} ended; its log is in {directory}"
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"the API server is not ready after {SECONDS:.0f} s; its log is in {directory}")
