"""The program as it runs in a pod: from bad counters to the mirror, and from SIGTERM to a Lease that is free."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from services.guardian import memory
from services.guardian.kubernetes import Api
from services.guardian.lease import LEASES, NAME
from services.guardian.web import BODY_OCTETS
from tests.guardian.api_server import TOKEN, Cluster
from tests.guardian.prometheus_server import Store
from tests.guardian.world import World
from warmlane.hold import Level


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "guardian.json can't be used"),
        ({"guardian.json": "[]"}, "guardian.json can't be used"),
        ({"guardian.json": '{"prometheus": "prometheus:9090"}'}, 'prometheus: value "prometheus:9090" is not allowed'),
        ({"guardian.json": '{"prometheus": "http://p:9090", "day_length": 7}'}, "day_length"),
        ({"guardian.json": '{"prometheus": "http://p:9090"}', "webhook_token": "short"}, "at least 32 are needed"),
    ],
)
def test_files_that_cant_be_used_are_told(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = _program(tmp_path, tmp_path)
    _, errors = done.communicate(timeout=60)
    assert done.returncode == 1 and said in errors


def _program(directory: Path, account: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "services.guardian", directory, account]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _holder(cluster: Api) -> str:
    lease = cluster.find(f"{LEASES}/{NAME}")
    return "" if lease is None else str(lease["spec"].get("holderIdentity") or "")


def _status(port: int, octets: int) -> int:
    """What a webhook is answered that says it has so many octets."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest("POST", "/webhook")
        connection.putheader("Authorization", f"Bearer {'t' * 32}")
        connection.putheader("Content-Length", str(octets))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.1)


@pytest.mark.lab
def test_from_bad_counters_to_the_mirror(cluster: Cluster, prometheus: Store, tmp_path: Path) -> None:
    world = World(cluster, prometheus, tmp_path)
    settings = {"prometheus": prometheus.url, "kubernetes": cluster.url, "address": "127.0.0.1", "port": 0}
    (tmp_path / "guardian.json").write_text(json.dumps(settings))
    (tmp_path / "store_url").write_text(str(world.engine.url))
    (tmp_path / "webhook_token").write_text("t" * 32)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "ca.crt").write_text(cluster.authority.read_text())
    world.now = time.time() - 16
    world.mail(0, 0)
    running = _program(tmp_path, tmp_path)
    try:
        assert running.stdout is not None
        lines = iter(running.stdout)
        said = next(lines)
        assert said.startswith("guardian: listening on port ")
        port = int(said.split()[-1])
        _until(lambda: memory.load(world.engine).through is not None)
        world.now = time.time() - 15
        world.mail(20, 30)
        _until(lambda: world.held().mirror.record is not None)
        assert world.level() is Level.QUARANTINED
        assert json.loads(next(lines))["rule"] == "hard-bounces"
        assert _status(port, BODY_OCTETS + 1) == 413
        assert _status(port, 0) == 202
    finally:
        running.terminate()
        assert running.wait(timeout=30) == 0
    assert _holder(cluster) == ""
