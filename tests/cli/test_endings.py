"""What a run of several stacks says when it did not end well, and what a person may type wrongly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.ending import INTERRUPTED
from tests.cli.conftest import ROOT, World
from tests.cli.happenings import prelude, said, step, summary, violation
from tests.cli.test_commands import BROKEN, FINE, REFUSED, stack_of

MADE = [prelude(), step("a"), summary(True, create=45), prelude(), step("a"), summary(False, create=45)]
REFUSED_IN_UPDATE = [
    prelude(),
    summary(True, create=2),
    prelude(),
    step("a"),
    violation("deny", "Namespace campaign-x has no NetworkPolicy."),
]


def test_a_refusal_tells_what_had_been_changed_before(world: World, warmlane: Any) -> None:
    world.engine_says("dev", MADE)
    world.engine_says("newsletter.dev", REFUSED, status=255)
    world.engine_says("spring-sale.dev", FINE)
    code, out, _ = warmlane("up", "--all")
    assert code == 1
    assert "Changed: dev (+45). Not changed: newsletter.dev (refused), spring-sale.dev." in out
    assert "Nothing was changed" not in out
    code, out, _ = warmlane("--json", "up", "--all")
    document = json.loads(out)
    assert (code, document["exit_code"]) == (1, 1)
    assert document["what_changed"].startswith("Changed: dev (+45).")
    assert {stack["stack"]: stack["changed"] for stack in document["stacks"]} == {
        "dev": 45,
        "newsletter.dev": 0,
        "spring-sale.dev": 0,
    }


def test_a_refusal_in_the_update_itself_tells_what_was_made_by_then(world: World, warmlane: Any) -> None:
    world.engine_says("newsletter.dev", REFUSED_IN_UPDATE, status=255)
    code, out, _ = warmlane("up", "-c", "newsletter")
    assert code == 1 and "Changed: newsletter.dev (+1 before it was refused)." in out


def test_what_was_only_planned_is_not_told_as_changed(world: World, warmlane: Any) -> None:
    world.engine_says("dev", [prelude(), summary(True, create=45), *REFUSED[1:]], status=255)
    for verb in ("up", "preview"):
        code, out, _ = warmlane(verb, "--all")
        assert code == 1
        assert "Nothing was changed: dev (refused), newsletter.dev (not tried), spring-sale.dev (not tried)." in out


def test_an_engine_that_died_in_the_update_leaves_it_open_what_was_changed(world: World, warmlane: Any) -> None:
    world.engine_says("dev", [prelude(), summary(True, create=45), prelude()], status=255)
    code, out, _ = warmlane("up")
    assert code == 3 and "Perhaps changed: dev." in out


def test_a_backend_that_falls_silent_half_way_hides_nothing(world: World, warmlane: Any) -> None:
    world.engine_says("dev", MADE)
    (world.state / "silent").write_text("campaigns")
    code, out, _ = warmlane("up", "--all")
    assert code == 3 and "the backend is away" in out
    assert "Changed: dev (+45). Not changed: newsletter.dev (failed), spring-sale.dev (failed)." in out


@pytest.mark.parametrize("verb", ["up", "preview"])
def test_what_is_gone_is_looked_for_unless_told_otherwise(world: World, warmlane: Any, verb: str) -> None:
    assert warmlane(verb, "--all")[0] == 0
    assert all("--refresh" in words for words in world.runs(verb)) and len(world.runs(verb)) == 3
    assert warmlane(verb, "-c", "newsletter", "--no-refresh")[0] == 0
    assert "--refresh" not in world.runs(verb)[-1]


def test_a_campaign_without_a_stack_file_keeps_everything_from_being_destroyed(world: World, warmlane: Any) -> None:
    world.stacks(dev=9, newsletter_dev=5, spring__sale_dev=5, autumn__sale_dev=3)
    code, _, err = warmlane("destroy", "--all", "--yes")
    assert code == 1 and world.runs("destroy") == [], "campaigns would be gone and the environment still there"
    assert "autumn-sale" in err and "pulumi -C campaigns destroy -s autumn-sale.dev" in err
    assert "newsletter" not in err


def test_destroy_of_an_environment_runs_its_program_for_the_delete_hook(world: World, warmlane: Any) -> None:
    world.cluster({})
    world.stacks(dev=9, newsletter_dev=5)
    assert warmlane("destroy", "--all", "--yes")[0] == 0
    options = {stack_of(words): "--run-program" in words for words in world.runs("destroy")}
    assert options == {"newsletter.dev": False, "dev": True}


def test_an_environment_whose_program_can_not_run_is_refused_before_its_campaigns_go(
    world: World, warmlane: Any
) -> None:
    world.cluster({})
    (world.repository / ".lab/images.json").unlink()
    world.stacks(dev=9, newsletter_dev=5)
    code, _, err = warmlane("destroy", "--all", "--yes")
    assert code == 1 and "images_file" in err and world.calls == []
    assert warmlane("destroy", "-c", "newsletter", "--yes")[0] == 0


def test_a_failed_destroy_tells_what_is_left(world: World, warmlane: Any) -> None:
    world.cluster({})
    gone = [prelude(), summary(True, delete=5), prelude(), step("a"), summary(False, delete=5)]
    world.engine_says("newsletter.dev", BROKEN, status=255)
    world.engine_says("spring-sale.dev", gone)
    code, out, _ = warmlane("destroy", "--all", "--yes")
    assert code == 3
    assert "Changed: spring-sale.dev (-5). Not changed: newsletter.dev (failed), dev (not tried)." in out


def test_an_interruption_tells_what_was_changed(world: World) -> None:
    world.engine_says("dev", MADE)
    world.engine_says("newsletter.dev", [prelude(), summary(True, create=19), prelude(), said("update canceled")], 255)
    world.engine_says("spring-sale.dev", FINE)
    (world.state / "newsletter.dev.seconds").write_text("60")
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "--json", "up", "--all"],
        cwd=world.repository,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A run in the background may have handed down that it ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 180
    while not (world.state / "newsletter.dev.waits").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    # As a terminal does for Ctrl-C: the command and its engines.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    document = json.loads(out)
    assert (process.returncode, document["exit_code"]) == (3, 3), err
    assert document["what_changed"].startswith("Changed: dev (+45).")
    assert document["advice"] == [INTERRUPTED]


@pytest.mark.parametrize("verb", ["preview", "up", "destroy"])
def test_without_pulumi_on_path_there_is_one_document_that_says_what_to_do(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, _ = warmlane("--json", verb)
    document = json.loads(out)
    assert (code, document["exit_code"], document["result"]) == (3, 3, "failed")
    assert "no `pulumi` on PATH" in document["error"] and document["advice"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("up", "-e", "nowhere"), ("Pulumi.nowhere.yaml", "dev")),
        (("up", "-c", "nobody"), ("campaigns/Pulumi.nobody.dev.yaml", "newsletter, spring-sale")),
        (("up", "--all", "-c", "newsletter"), ("--all and --campaign",)),
        (("upp",), ("upp",)),
        (("up", "--campaign"), ("--campaign",)),
    ],
)
def test_json_of_a_command_that_was_typed_wrongly_is_one_document(
    world: World, warmlane: Any, words: tuple[str, ...], named: tuple[str, ...]
) -> None:
    code, out, _ = warmlane("--json", *words)
    document = json.loads(out)
    assert (code, document["exit_code"], document["result"]) == (2, 2, "usage")
    said_ = document["error"] + str(document["advice"])
    assert all(text in said_ for text in named), said_


def test_outside_a_repository_the_command_says_which_one_it_is_about(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    _, _, err = warmlane("up", "-e", "nowhere")
    assert "is in no repository of Warmlane" in err and str(ROOT) in err
    monkeypatch.chdir(world.repository / "campaigns")
    assert "no repository" not in warmlane("up", "-e", "nowhere")[2]
