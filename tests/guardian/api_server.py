"""A real API server on the loopback, with its own etcd, ports and directory: no lab, no node."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import toolchain
from services.guardian.kubernetes import Api

TOKEN = "tests"
SECONDS = 60.0


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(directory: Path) -> Iterator[Api]:
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
    tls = ssl.create_default_context()
    # The server makes its own certificate at its start; the loopback is nobody else's.
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (etcd, server):
            with (directory / f"{Path(command[0]).name}.log").open("wb") as log:
                started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        url = f"https://127.0.0.1:{port}"
        _ready(f"{url}/readyz", tls, started, directory)
        yield Api(url, lambda: TOKEN, tls)
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ready(url: str, tls: ssl.SSLContext, started: list[subprocess.Popen[bytes]], directory: Path) -> None:
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls))
    opener = urllib.request.build_opener(*handlers)
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        ended = [each.args for each in started if each.poll() is not None]
        assert not ended, f"{ended} ended; its log is in {directory}"
        try:
            with opener.open(asked, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the API server is not ready after {SECONDS:.0f} s; its log is in {directory}")
