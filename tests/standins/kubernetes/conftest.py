"""An API server of the tests' own (with etcd and the controller manager, no node), and Pulumi's engine on programs."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import standins, toolchain
from lab.standins.kubernetes.api import Api, Object
from lab.standins.kubernetes.connection import connection

TOKEN = "tests-only"
CONTEXT = "standins"
START_SECONDS = 60

PRELUDE = """
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, Service

def provider(name="cluster", **settings):
    return kubernetes.Provider(name, context="standins", cluster_identifier="standins", **settings)

def options(provider, **more):
    return pulumi.ResourceOptions(provider=provider, **more)
"""


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


@pytest.fixture(scope="session")
def toolbox() -> toolchain.Toolbox:
    return toolchain.ensure(print)


@pytest.fixture(scope="session")
def cluster(toolbox: toolchain.Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
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


@dataclass
class Run:
    """What a command of the engine did and said. `steps`: by operation, how many resources of the cluster."""

    code: int
    output: str
    steps: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def succeeded(self) -> Run:
        assert self.code == 0, self.output
        return self

    def failed(self, *told: str) -> Run:
        assert self.code != 0, f"expected a failure:\n{self.output}"
        for text in told:
            assert text in self.output, f"{text!r} is not in:\n{self.output}"
        return self


@dataclass(frozen=True)
class Engine:
    """Pulumi on a project of one program."""

    directory: Path
    pulumi: Path
    variables: dict[str, str]

    def program(self, text: str) -> Engine:
        (self.directory / "__main__.py").write_text(PRELUDE + textwrap.dedent(text))
        return self

    def command(self, *arguments: str) -> list[str]:
        return [str(self.pulumi), *arguments, "--non-interactive"]

    def run(self, *arguments: str) -> Run:
        started = time.monotonic()
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=200,
        )
        return Run(done.returncode, done.stdout + done.stderr, seconds=time.monotonic() - started)

    def _logged(self, *arguments: str) -> Run:
        log = self.directory / "events.json"
        log.unlink(missing_ok=True)
        run = self.run(*arguments, "--event-log", str(log))
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        for event in events:
            step = (event.get("resourcePreEvent") or {}).get("metadata")
            if step and step["type"].startswith("kubernetes:"):
                run.steps[step["op"]] += 1
        return run

    def up(self, *more: str) -> Run:
        return self._logged("up", "--yes", "--skip-preview", *more)

    def preview(self, *more: str) -> Run:
        return self._logged("preview", *more)

    def refresh(self) -> Run:
        return self._logged("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        return self._logged("destroy", "--yes", "--skip-preview")

    def resources(self) -> dict[str, Any]:
        """The state's resources by name, without the stack and the providers."""
        document = json.loads(self.run("stack", "export").succeeded().output)
        found = document["deployment"].get("resources") or []
        return {one["urn"].split("::")[-1]: one for one in found if one["type"].startswith("kubernetes:")}


@pytest.fixture
def engine(cluster: Cluster, toolbox: toolchain.Toolbox, tmp_path: Path) -> Iterator[Engine]:
    programs = tmp_path / "bin"
    standins.install(programs, Path(sys.executable))
    project, state, home = (tmp_path / name for name in ("project", "state", "home"))
    for directory in (project, state, home):
        directory.mkdir()
    document = {
        "name": "standins",
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
        "config": {"pulumi:disable-default-providers": {"value": ["kubernetes"]}},
    }
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "KUBECONFIG"))},
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "KUBECONFIG": str(cluster.kubeconfig),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "tests-only",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DEBUG_COMMANDS": "1",
    }
    made = Engine(project, toolbox.path("pulumi"), variables)
    made.run("stack", "init", "test").succeeded()
    yield made
    for process in _orphans(str(programs)):
        os.kill(process, signal.SIGKILL)


def _orphans(marker: str) -> list[int]:
    """Stand-ins of this test that outlived their engine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if marker.encode() in environment:
                found.append(int(entry.name))
    return found
