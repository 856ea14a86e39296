"""An API server of the tests' own: with etcd and the controller manager, without a node."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import toolchain
from lab.standins.kubernetes.api import Api, Object
from lab.standins.kubernetes.connection import connection

TOKEN = "tests-only"
CONTEXT = "standins"
START_SECONDS = 60


@dataclass(frozen=True)
class Cluster:
    """The API server, asked by the provider's own client."""

    kubeconfig: Path
    api: Api

    def find(self, path: str) -> Object | None:
        return self.api.find(path)

    def get(self, path: str) -> Object:
        return self.api.get(path)

    def apply(self, path: str, wanted: Object, manager: str = "somebody-else", force: bool = True) -> Object:
        return self.api.apply(path, wanted, manager=manager, force=force, dry_run=False)

    def namespace(self, name: str) -> str:
        """Makes a namespace for a test and gives its path."""
        path = f"/api/v1/namespaces/{name}"
        self.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(log: Path, *command: object) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out, start_new_session=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(asked, timeout=2, context=unverified) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(what: str, ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not start:\n{log.read_text()[-3000:]}"
        time.sleep(0.1)


def _kubeconfig(path: Path, server: str, authority: Path) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": CONTEXT, "user": {"token": TOKEN}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }
    path.write_text(yaml.safe_dump(document))


@contextmanager
def running(toolbox: toolchain.Toolbox, home: Path) -> Iterator[Cluster]:
    """Starts it with its files in `home`, and ends it."""
    store, peer, port, manager = (_free_port() for _ in range(4))
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (home / "accounts.key").write_bytes(key)
    (home / "tokens.csv").write_text(f'{TOKEN},tests,tests,"system:masters"\n')
    kubeconfig, server = home / "kubeconfig", f"https://127.0.0.1:{port}"
    with ExitStack() as stack:
        stack.enter_context(
            _running(
                home / "etcd.log",
                toolbox.path("etcd"),
                f"--data-dir={home / 'etcd'}",
                f"--listen-client-urls=http://127.0.0.1:{store}",
                f"--advertise-client-urls=http://127.0.0.1:{store}",
                f"--listen-peer-urls=http://127.0.0.1:{peer}",
                "--unsafe-no-fsync=true",
                "--log-level=warn",
            )
        )
        stack.enter_context(
            _running(
                home / "api-server.log",
                toolbox.path("kube-apiserver"),
                f"--etcd-servers=http://127.0.0.1:{store}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                f"--cert-dir={home}",
                f"--token-auth-file={home / 'tokens.csv'}",
                "--authorization-mode=RBAC",
                "--allow-privileged=true",
                "--service-cluster-ip-range=10.97.0.0/16",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={home / 'accounts.key'}",
                f"--service-account-signing-key-file={home / 'accounts.key'}",
                # Its own address, on loopback, is no endpoint that a Service could have.
                "--endpoint-reconciler-type=none",
            )
        )
        _wait("the API server", lambda: _answers(f"{server}/readyz"), home / "api-server.log")
        _kubeconfig(kubeconfig, server, home / "apiserver.crt")
        stack.enter_context(
            _running(
                home / "controller-manager.log",
                toolbox.path("kube-controller-manager"),
                f"--kubeconfig={kubeconfig}",
                "--bind-address=127.0.0.1",
                f"--secure-port={manager}",
                f"--cert-dir={home}",
                "--leader-elect=false",
                f"--service-account-private-key-file={home / 'accounts.key'}",
            )
        )
        api = Api(connection({"kubeconfig": str(kubeconfig)}))
        accounts = "/api/v1/namespaces/default/serviceaccounts/default"
        _wait("the controller manager", lambda: api.find(accounts) is not None, home / "controller-manager.log")
        yield Cluster(kubeconfig, api)
