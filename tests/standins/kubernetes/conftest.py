"""An API server of the tests' own (with etcd and the controller manager, no node), and Pulumi's engine on programs.

A test marked `check(key)` that asks for the fixture `dropped` runs twice: with the stand-in whole, and with the check
of that key taken out of it (`dropped.py`), where the same test must fail, so that no check can be lost unseen.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import settings, standins, toolchain
from tests.standins.kubernetes import api_server
from tests.standins.kubernetes.api_server import Cluster

DROPPED = "dropped"
"""The fixture: whether the check is taken out."""

PRELUDE = """
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, Service

def provider(name="cluster", **settings):
    return kubernetes.Provider(name, context="standins", cluster_identifier="standins", **settings)

def options(provider, **more):
    return pulumi.ResourceOptions(provider=provider, **more)
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "check(key): the check of the stand-in without which the test must fail")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if DROPPED in metafunc.fixturenames:
        metafunc.parametrize(DROPPED, [False, True], ids=["whole", "check-dropped"])


def dropped_check(item: pytest.Item) -> str | None:
    """The key of the check that this run of a test goes without."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or not callspec.params.get(DROPPED):
        return None
    mark = item.get_closest_marker("check")
    assert mark is not None, f"{item.name} asks for `{DROPPED}` and has no mark `check`"
    return str(mark.args[0])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Turns the verdict of a run without its check round."""
    check = dropped_check(pyfuncitem)
    try:
        result = yield
    except AssertionError as red:
        if check is None or "Traceback" in str(red):
            # A stand-in that broke down says nothing about the check.
            raise
        return True
    if check is not None:
        pytest.fail(f"the test does not notice that the check {check!r} was taken out of the stand-in")
    return result


@pytest.fixture(scope="session")
def toolbox() -> toolchain.Toolbox:
    return toolchain.ensure(print)


@pytest.fixture(scope="session")
def cluster(toolbox: toolchain.Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with api_server.running(toolbox, tmp_path_factory.mktemp("cluster")) as started:
        yield started


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


def _without(check: str, programs: Path, done: Path) -> None:
    """Puts a stand-in in place that lacks a check; it makes the file `done` once it does."""
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(settings.REPOSITORY)!r}); "
        f"from tests.standins.kubernetes.dropped import drop; drop({check!r}, {str(done)!r}); "
        "runpy.run_module('lab.standins.kubernetes', run_name='__main__', alter_sys=True)"
    )
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -c {shlex.quote(code)} "$@"\n'
    (programs / "pulumi-resource-kubernetes").write_text(script)


@pytest.fixture
def engine(
    cluster: Cluster, toolbox: toolchain.Toolbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    programs, done = tmp_path / "bin", tmp_path / "dropped"
    standins.install(programs, Path(sys.executable))
    check = dropped_check(request.node)
    if check is not None:
        _without(check, programs, done)
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
    if check is not None:
        assert done.exists(), f"the stand-in never ran without {check!r}"
        # What was made as the check was out goes by the whole stand-in, or a later run would find it.
        standins.install(programs, Path(sys.executable))
        made.destroy()
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
