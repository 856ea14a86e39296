"""A campaign whose lease is ending: `--all` goes on without it, its name is refused, and `destroy` takes it away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import stacks
from tests.cli.conftest import World

LEFT_OUT = (
    "newsletter is left out, as its lease of birch is ending: it waits for `warmlane destroy -e dev --campaign "
    "newsletter`."
)


@pytest.fixture
def ending(world: World) -> World:
    """The newsletter's lease is ending."""
    world.change("Pulumi.dev.yaml", "newsletter: {lane: birch,", "newsletter: {lane: birch, state: ending,")
    world.cluster({})
    return world


def stacks_of(world: World, verb: str) -> list[str]:
    return [words[words.index("-s") + 1] for words in world.runs(verb)]


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_the_others_go_on(ending: World, warmlane: Any, verb: str) -> None:
    code, out, err = warmlane(verb, "--all")
    assert code == 0, out + err
    assert stacks_of(ending, verb) == ["dev", "spring-sale.dev"]
    assert LEFT_OUT in out
    code, out, _ = warmlane("--json", verb, "--all")
    assert (code, json.loads(out)["left_out"]) == (0, [LEFT_OUT])


def test_what_is_wrong_with_its_file_is_no_reason_to_stop_the_others(ending: World, warmlane: Any) -> None:
    ending.change("campaigns/Pulumi.newsletter.dev.yaml", "daily_volume: 900000", "daily_volume: many")
    assert warmlane("preview", "--all")[0] == 0


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_by_its_name_it_is_refused(ending: World, warmlane: Any, verb: str) -> None:
    code, _, err = warmlane(verb, "--campaign", "newsletter", "--campaign", "spring-sale")
    assert code == 1 and ending.calls == []
    assert "its lease of birch is ending" in err and "run `warmlane destroy -e dev --campaign newsletter`" in err


def test_it_is_destroyed(ending: World, warmlane: Any) -> None:
    code, out, err = warmlane("destroy", "--yes", "--campaign", "newsletter")
    assert code == 0, out + err
    assert stacks_of(ending, "destroy") == ["newsletter.dev"]


def test_all_are_destroyed_with_it(ending: World, warmlane: Any) -> None:
    assert warmlane("destroy", "--yes", "--all")[0] == 0
    assert sorted(stacks_of(ending, "destroy")) == ["dev", "newsletter.dev", "spring-sale.dev"]


def test_the_demo_sends_for_the_others(ending: World) -> None:
    selection = stacks.selected(ending.repository, "dev", (), True)
    assert set(stacks.validated(ending.repository, selection)[1]) == {"spring-sale"}
