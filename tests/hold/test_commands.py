"""`warmlane hold`, `release` and `status` against a real API server, by a real kubectl."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import yaml

from cli import main
from cli.cluster import Cluster as Asked
from cli.hold import objects
from lab import settings, toolchain
from tests.hold.conftest import namespace, wait
from tests.standins.kubernetes.api_server import Cluster
from warmlane import hold

pytestmark = pytest.mark.lab

CONTEXT = "hold-tests"
RECORD = "/api/v1/namespaces/warmlane-platform/configmaps/sender-hold-newsletter"
MIRROR = "/api/v1/namespaces/campaign-newsletter/configmaps/sender-hold"
Warmlane = Callable[..., tuple[int, str, str]]


def record(cluster: Cluster, path: str = RECORD) -> hold.Record:
    found = cluster.find(path)
    assert found is not None, f"nothing is at {path}"
    return hold.of_config_map(found)


@pytest.fixture
def platform(cluster: Cluster) -> Cluster:
    """The cluster with the platform's and the campaign's namespaces, and no hold."""
    cluster.namespace("warmlane-platform")
    namespace(cluster, "newsletter")
    for path in (RECORD, MIRROR):
        if cluster.find(path) is not None:
            cluster.api.delete(path, "Background")
    return cluster


@pytest.fixture
def kubeconfig(cluster: Cluster, tmp_path: Path) -> Path:
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    document["contexts"][0]["name"] = document["current-context"] = CONTEXT
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def warmlane(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Warmlane:
    """Runs the command in a copy of the stack files whose cluster is the tests' own."""
    repository = tmp_path / "repository"
    for pattern in ("Pulumi*.yaml", "campaigns/Pulumi*.yaml"):
        for path in settings.REPOSITORY.glob(pattern):
            (repository / path.relative_to(settings.REPOSITORY)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, repository / path.relative_to(settings.REPOSITORY))
    dev = repository / "Pulumi.dev.yaml"
    assert "context: warmlane-lab" in dev.read_text()
    dev.write_text(dev.read_text().replace("context: warmlane-lab", f"context: {CONTEXT}"))
    kubectl = toolchain.ensure(print).path("kubectl")
    monkeypatch.setenv("PATH", f"{kubectl.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.chdir(repository)

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_hold_is_recorded_and_mirrored_and_says_who_and_why(platform: Cluster, warmlane: Warmlane) -> None:
    code, out, err = warmlane("hold", "-c", "newsletter", "--reason", "Listed at a blocklist.")
    assert code == 0, err
    found = record(platform)
    assert (found.level, found.throttle, found.reason, found.by) == (
        "quarantined",
        "0",
        "Listed at a blocklist.",
        "tests",
    )
    assert record(platform, MIRROR) == found, "the sender reads what was decided"
    assert "newsletter was none." in out and "newsletter is quarantined since" in out and "by tests" in out


def test_every_decision_has_a_higher_sequence(platform: Cluster, warmlane: Warmlane) -> None:
    sequences = []
    for words in (
        ("hold", "--level", "throttled", "--throttle", "0.25"),
        ("hold", "--level", "quarantined"),
        ("hold", "--level", "retired"),
        ("release",),
    ):
        verb, *options = words
        code, out, err = warmlane("--json", verb, "-c", "newsletter", "--reason", "A test.", *options)
        assert code == 0, err
        document = json.loads(out)
        assert document["record"] == record(platform).model_dump(mode="json") and document["mirrored"] is True
        sequences.append(document["record"]["sequence"])
    assert sequences == sorted(set(sequences)), sequences
    assert record(platform, MIRROR).level is hold.Level.NONE


@pytest.mark.parametrize(
    "words",
    [
        ("hold", "-c", "newsletter"),
        ("release", "-c", "newsletter"),
        ("hold", "-c", "newsletter", "--reason", " "),
        ("hold", "-c", "newsletter", "--reason", "two\nlines"),
        ("hold", "-c", "newsletter", "--reason", "r", "--level", "paused"),
        ("hold", "-c", "newsletter", "--reason", "r", "--level", "throttled"),
        ("hold", "-c", "newsletter", "--reason", "r", "--level", "throttled", "--throttle", "1"),
        ("hold", "-c", "newsletter", "--reason", "r", "--level", "throttled", "--throttle", "half"),
        ("hold", "-c", "newsletter", "--reason", "r", "--throttle", "0.5"),
        ("hold", "-c", "nobody", "--reason", "r"),
        ("hold", "-c", "../newsletter", "--reason", "r"),
        ("hold", "-e", "nowhere", "-c", "newsletter", "--reason", "r"),
    ],
)
def test_a_command_that_was_typed_wrongly_writes_nothing(
    platform: Cluster, warmlane: Warmlane, words: tuple[str, ...]
) -> None:
    code, _, err = warmlane(*words)
    assert code == 2 and err, err
    assert platform.find(RECORD) is None and platform.find(MIRROR) is None


def test_a_missing_namespace_is_told_and_the_record_stands(platform: Cluster, warmlane: Warmlane) -> None:
    path = "/api/v1/namespaces/warmlane-platform/configmaps/sender-hold-spring-sale"
    code, out, _ = warmlane("hold", "-c", "spring-sale", "--reason", "Before its first mail.")
    assert code == 0 and "There is no namespace campaign-spring-sale" in out
    assert record(platform, path).stands
    code, out, _ = warmlane("--json", "release", "-c", "spring-sale", "--reason", "A test.")
    assert code == 0 and json.loads(out)["mirrored"] is False


def test_two_people_do_not_overwrite_each_other(
    platform: Cluster, warmlane: Warmlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read before either writes, with a record and without one."""
    read = objects.read

    def overtaken(asked: Asked, campaign: str) -> tuple[objects.Found, objects.Found]:
        found = read(asked, campaign)
        monkeypatch.setattr(objects, "read", read)
        assert warmlane("hold", "-c", "newsletter", "--level", "retired", "--reason", "The other one.")[0] == 0
        return found

    for _ in range(2):
        monkeypatch.setattr(objects, "read", overtaken)
        code, _, err = warmlane("hold", "-c", "newsletter", "--reason", "Mine.")
        assert code == 1 and "Somebody else changed the hold" in err and "The other one" in err
        assert record(platform).reason == record(platform, MIRROR).reason == "The other one."


def test_an_older_decision_does_not_go_over_a_newer_mirror(
    platform: Cluster, kubeconfig: Path, warmlane: Warmlane
) -> None:
    assert warmlane("hold", "-c", "newsletter", "--reason", "Older.")[0] == 0
    older = record(platform)
    assert warmlane("hold", "-c", "newsletter", "--level", "retired", "--reason", "Newer.")[0] == 0
    asked = Asked(CONTEXT, {**os.environ, "KUBECONFIG": str(kubeconfig)})
    assert objects.mirrored(asked, "newsletter", older) is True
    assert record(platform, MIRROR).reason == "Newer."


@pytest.mark.parametrize("data", [{}, {"hold.json": "{"}, {"hold.json": '{"level": "none"}'}])
def test_what_can_not_be_read_is_told_and_written_anew(
    platform: Cluster, warmlane: Warmlane, data: dict[str, str]
) -> None:
    assert warmlane("hold", "-c", "newsletter", "--reason", "A test.")[0] == 0
    before = record(platform).sequence
    damaged = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": platform.get(RECORD)["metadata"], "data": data}
    for path in (RECORD, MIRROR):
        metadata = {key: platform.get(path)["metadata"][key] for key in ("name", "namespace")}
        platform.api.delete(path, "Background")
        platform.apply(path, {**damaged, "metadata": metadata})
    code, out, err = warmlane("release", "-c", "newsletter", "--reason", "Damaged.")
    assert code == 0 and "unreadable, so it stands" in out, err
    assert record(platform).sequence >= before, "a gate takes a lower sequence than it has seen for an old mirror"
    assert record(platform, MIRROR) == record(platform)


def test_a_release_writes_down_how_long_the_hold_stood(
    platform: Cluster, warmlane: Warmlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail does not age in it, whatever levels followed each other, and whether or not the record can be read."""

    class Later(datetime):
        by = timedelta()

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + cls.by

    monkeypatch.setattr(objects, "datetime", Later)
    began = datetime.now(UTC).replace(microsecond=0)
    assert warmlane("hold", "-c", "newsletter", "--reason", "A test.")[0] == 0
    Later.by = timedelta(days=10)
    assert warmlane("hold", "-c", "newsletter", "--level", "retired", "--reason", "Still.")[0] == 0
    Later.by = timedelta(days=30)
    assert warmlane("release", "-c", "newsletter", "--reason", "Over.")[0] == 0
    (span,) = record(platform, MIRROR).stood
    minute = timedelta(minutes=1)
    assert began <= span.since < began + minute and timedelta(days=30) - minute < span.until - span.since
    where = {"name": "sender-hold", "namespace": "campaign-newsletter"}
    platform.apply(MIRROR, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": where, "data": {"hold.json": "{"}})
    Later.by = timedelta(days=50)
    assert warmlane("release", "-c", "newsletter", "--reason", "Damaged.")[0] == 0
    (span,) = record(platform, MIRROR).stood
    assert span.until - span.since > timedelta(days=50) - minute, "since the mirror was made, at most"


def test_a_release_of_what_is_released_changes_nothing(platform: Cluster, warmlane: Warmlane) -> None:
    assert warmlane("release", "-c", "newsletter", "--reason", "First.")[0] == 0
    version = platform.get(RECORD)["metadata"]["resourceVersion"]
    code, out, _ = warmlane("release", "-c", "newsletter", "--reason", "Second.")
    assert code == 0 and "nothing was changed" in out
    assert platform.get(RECORD)["metadata"]["resourceVersion"] == version
    platform.api.delete(MIRROR, "Background")
    assert warmlane("release", "-c", "newsletter", "--reason", "Third.")[0] == 0
    assert record(platform, MIRROR).reason == "Third.", "a lost mirror is written again"


def test_status_shows_the_level_and_a_mirror_that_differs(
    platform: Cluster, warmlane: Warmlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.engine.Engine.stacks", lambda *_: {})

    def shown() -> str:
        code, out, err = warmlane("--json", "status", "-c", "newsletter")
        assert code == 0, err
        level: str = json.loads(out)["campaigns"][0]["hold"]
        return level

    assert shown() == "none"
    assert warmlane("hold", "-c", "newsletter", "--reason", "A test.")[0] == 0
    assert shown() == "quarantined"
    platform.api.delete(MIRROR, "Background")
    wait(lambda: platform.find(MIRROR) is None, "the mirror's end")
    assert shown() == "quarantined (mirror: none)"
    assert "quarantined (mirror: none)" in warmlane("status", "-c", "newsletter")[1]


def test_a_silent_cluster_is_a_failure_and_not_a_refusal(
    platform: Cluster, warmlane: Warmlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    code, _, err = warmlane("hold", "-c", "newsletter", "--reason", "A test.")
    assert code == 3 and "kubectl" in err
