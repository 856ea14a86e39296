"""The cache of built tools, with a Go that is a small script: nothing is compiled here."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from lab import settings
from lab.toolchain import StepFailed, build, ensure, golang, steps
from lab.toolchain.catalogue import TOOLS, folder, missing

FAKE_GO = """#!/bin/sh
echo "$@" >>{calls}
[ "$1" = list ] && {{ echo {module}; exit 0; }}
[ "$1" = build ] || exit 9
shift
while [ "$1" != -o ]; do shift; done
into=$2; shift 2
for package; do
    name=${{package##*/}}
    case $name in v[0-9]*) name=${{package%/*}}; name=${{name##*/}} ;; esac
    echo built >"$into$name"
done
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no pulumi of the machine's own."""
    monkeypatch.setattr(settings, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path / "cache"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go that makes files instead of programs; the arguments of its calls, one line each."""
    module = tmp_path / "module"
    for source in TOOLS["cilium"].copied.values():
        (module / source).mkdir(parents=True)
        (module / source / "file").write_text("source")
    record = tmp_path / "calls"
    script = tmp_path / "go"
    script.write_text(FAKE_GO.format(calls=record, module=module))
    script.chmod(0o755)
    monkeypatch.setattr(golang, "go", lambda: script)
    return record


def test_every_program_is_found_under_its_own_name(cache: Path, calls: Path) -> None:
    toolbox = ensure(lambda line: None)
    for tool in TOOLS.values():
        for name in tool.programs:
            assert toolbox.path(name).read_text() == "built\n", f"{name} is not where the toolbox says"
    assert (toolbox.bpf / "file").exists()
    assert (toolbox.crds / "v2" / "file").exists()


def test_a_second_run_builds_nothing_and_says_nothing(cache: Path, calls: Path) -> None:
    ensure(lambda line: None)
    before = calls.read_text()
    lines = list[str]()
    ensure(lines.append)
    assert calls.read_text() == before
    assert lines == []


def test_progress_tells_which_how_many_and_how_long(cache: Path, calls: Path) -> None:
    lines = list[str]()
    ensure(lines.append)
    assert len(lines) == len(TOOLS)
    assert lines[0].startswith(f"building pulumi 3.259.0 (1 of {len(TOOLS)}; about ")
    assert lines[-1] == f"building pause 1 ({len(TOOLS)} of {len(TOOLS)}; about 1 min left in all)"


def test_an_interrupted_build_leaves_nothing_that_counts_as_built(cache: Path, calls: Path) -> None:
    half = cache / "tools" / f"{build.PREPARED}{TOOLS['etcd'].key()}"
    half.mkdir(parents=True)
    assert TOOLS["etcd"] in missing()
    ensure(lambda line: None)
    assert not half.exists()
    assert missing() == []


def test_a_failed_build_says_what_failed_why_and_what_to_do(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "go"
    script.write_text("#!/bin/sh\necho 'write /x: no space left on device' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(golang, "go", lambda: script)
    with pytest.raises(StepFailed) as failed:
        ensure(lambda line: None)
    text = str(failed.value)
    assert text.startswith("building pulumi 3.259.0 failed: exit code 1\n")
    assert "no space left on device" in text
    assert "What to do: free some disk space" in text
    assert "building-pulumi-3.259.0.log" in text
    assert not folder(TOOLS["pulumi"]).exists(), "a failed build must not count as built"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("dial tcp: lookup proxy: i/o timeout", "check the network"),
        ("go: missing go.sum entry for module", "git checkout tools"),
        ("compile: signal: killed", "ran out of memory"),
        ("main.go:3: undefined: x", "read /log"),
    ],
)
def test_advice_fits_the_cause(output: str, said: str) -> None:
    assert said in steps.advice(output, Path("/log"))


def test_a_command_that_does_not_exist_is_named(cache: Path) -> None:
    with pytest.raises(StepFailed, match="no-such-command does not start"):
        steps.run("a step", ["no-such-command"])


def test_a_second_clone_waits_and_says_so(cache: Path) -> None:
    lines = list[str]()
    order = list[str]()

    def second() -> None:
        with steps.cache_lock("tools", lines.append):
            order.append("second")

    with steps.cache_lock("tools", lines.append):
        other = threading.Thread(target=second)
        other.start()
        deadline = time.monotonic() + 10
        while not lines and time.monotonic() < deadline:
            time.sleep(0.01)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]
    assert lines == [f"another clone is building into {cache}; waiting for it"]


@pytest.mark.parametrize(
    ("version", "serves"),
    [("v3.259.0", True), ("v3.300.1", True), ("v4.0.0", True), ("v3.258.9", False), ("", False), ("dev", False)],
)
def test_only_an_engine_not_older_than_the_sdk_is_used(version: str, serves: bool) -> None:
    assert build.new_enough(version) is serves


def test_a_pulumi_of_the_machine_is_used_and_not_built(
    cache: Path, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own/pulumi"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho v3.260.0\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{own.parent}:/usr/bin:/bin")
    lines = list[str]()
    assert ensure(lines.append).path("pulumi") == own
    assert not any("building pulumi" in line for line in lines)


def test_a_linked_pulumi_of_ours_is_not_the_machines_own(
    cache: Path, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolbox = ensure(lambda line: None)
    toolbox.link(tmp_path / "bin", ["pulumi", "kubectl"])
    toolbox.link(tmp_path / "bin", ["pulumi", "kubectl"])
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["kubectl", "pulumi"]
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert build.own_pulumi() is None


def test_go_is_chosen_by_version_and_a_lack_names_what_was_found() -> None:
    versions = {Path("/old/go"): (1, 24), Path("/broken/go"): None, Path("/new/go"): (1, 26)}
    assert golang.choose(versions, (1, 26), versions.__getitem__) == Path("/new/go")
    with pytest.raises(StepFailed) as failed:
        golang.choose([Path("/old/go"), Path("/broken/go")], (1, 26), versions.__getitem__)
    assert "/old/go is 1.24, /broken/go does not answer" in str(failed.value)
    assert "make .venv/complete" in str(failed.value)


def test_a_build_uses_the_committed_pins_and_no_other_go() -> None:
    environment = golang.environment(static=True)
    assert environment["GOTOOLCHAIN"] == "local"
    assert "-mod=readonly" in environment["GOFLAGS"]
    assert environment["CGO_ENABLED"] == "0"
