"""The commands against a `pulumi` that only remembers what it was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import World
from tests.cli.happenings import failed, passed, prelude, said, step, summary, violation

FINE = [
    prelude(),
    step("a"),
    passed("deny", "quota"),
    summary(True, same=1),
    prelude(),
    step("a"),
    summary(False, same=1),
]
REFUSED = [prelude(), step("a"), violation("deny", "Namespace campaign-x has no NetworkPolicy. Add one.")]
BROKEN = [prelude(), failed("a"), said("the address is in use", urn_="urn:pulumi:dev::warmlane::aws:ec2/eip:Eip::a")]


def stack_of(words: list[str]) -> str:
    return words[words.index("-s") + 1]


def test_all_runs_the_environment_first_and_always_with_pack_and_preview(world: World, warmlane: Any) -> None:
    for stack in ("dev", "spring-sale.dev", "newsletter.dev"):
        world.engine_says(stack, FINE)
    code, out, err = warmlane("up", "--all")
    assert code == 0, out + err
    runs = world.runs("up")
    assert stack_of(runs[0]) == "dev"
    assert sorted(map(stack_of, runs[1:])) == ["newsletter.dev", "spring-sale.dev"]
    for words in runs:
        root = "." if stack_of(words) == "dev" else ".."
        policies = "policies" if root == "." else "../policies"
        assert words[words.index("--policy-pack") + 1] == policies
        assert "--policy-pack-config" not in words, "the pack finds the environment's config by the stack's name"
        assert "--skip-preview" not in words and "-f" not in words
    assert "2 of 2" in out, "policies passed are shown"


@pytest.mark.parametrize(
    ("words", "stacks"),
    [
        ((), ["dev"]),
        (("--campaign", "newsletter"), ["newsletter.dev"]),
        (("-c", "newsletter", "-c", "spring-sale"), ["newsletter.dev", "spring-sale.dev"]),
    ],
)
def test_a_command_is_about_what_was_asked(
    world: World, warmlane: Any, words: tuple[str, ...], stacks: list[str]
) -> None:
    assert warmlane("preview", *words)[0] == 0
    assert sorted(map(stack_of, world.runs("preview"))) == stacks


def test_a_policy_that_refuses_the_environment_leaves_the_campaigns_alone(world: World, warmlane: Any) -> None:
    world.engine_says("dev", REFUSED, status=255)
    code, out, err = warmlane("up", "--all")
    assert code == 1
    assert [stack_of(words) for words in world.runs("up")] == ["dev"]
    assert "Namespace campaign-x has no NetworkPolicy. Add one." in out
    assert "Nothing was changed" in out and "spring-sale.dev (not tried)" in out


def test_a_failing_world_ends_with_3_and_what_to_do(world: World, warmlane: Any) -> None:
    world.engine_says("dev", BROKEN, status=255)
    code, out, _ = warmlane("up")
    assert code == 3
    assert "the address is in use" in out and "run `warmlane up` again" in out


def test_an_engine_that_dies_without_a_word_shows_its_last_lines(world: World, warmlane: Any) -> None:
    world.engine_says("dev", [], status=1)
    code, out, _ = warmlane("up")
    assert code == 3 and "the fake ran up of dev" in out


def test_json_is_one_document_and_nothing_else(world: World, warmlane: Any) -> None:
    world.engine_says("dev", REFUSED, status=255)
    for words in (("--json", "up", "--all"), ("up", "--all", "--json")):
        code, out, _ = warmlane(*words)
        document = json.loads(out)
        assert (code, document["exit_code"], document["result"]) == (1, 1, "refused")
        (stack,) = document["stacks"]
        assert stack["policies"]["violations"][0]["policy"] == "deny"
        assert document["not_tried"] == ["newsletter.dev", "spring-sale.dev"]
        assert document["advice"]


def test_refused_config_names_every_problem_of_every_file_before_the_engine_is_asked(
    world: World, warmlane: Any
) -> None:
    world.change("Pulumi.dev.yaml", "domain: warmlane.test", "domian: warmlane.test")
    world.change("campaigns/Pulumi.spring-sale.dev.yaml", "daily_volume: 1000000", "daily_volume: many")
    code, _, err = warmlane("preview", "--all")
    assert code == 1 and world.calls == []
    assert "Pulumi.dev.yaml: 2 problems" in err and "domian" in err
    assert "campaigns/Pulumi.spring-sale.dev.yaml: 1 problem" in err and 'value "many" is not allowed' in err
    code, out, _ = warmlane("--json", "preview", "--all")
    document = json.loads(out)
    assert code == 1 and len(document["problems"]) == 3
    assert {problem["key"] for problem in document["problems"]} == {"domain", "domian", "daily_volume"}


@pytest.mark.parametrize(
    "words",
    [("up", "-e", "nowhere"), ("up", "-c", "nobody"), ("up", "--all", "-c", "newsletter"), ("upp",), ("up", "--al")],
)
def test_a_command_that_was_typed_wrongly_ends_with_2(world: World, warmlane: Any, words: tuple[str, ...]) -> None:
    code, out, err = warmlane(*words)
    assert code == 2 and err and not out and world.calls == []


def test_a_stack_that_the_backend_lacks_is_made_by_select(world: World, warmlane: Any) -> None:
    world.stacks(dev=9)
    assert warmlane("up", "-c", "newsletter")[0] == 0
    assert ["stack", "select", "--create", "newsletter.dev"] in [call["words"][:4] for call in world.calls]
    assert not any(call["words"][:2] == ["stack", "init"] for call in world.calls), "init would write a new salt"


def test_up_settles_what_is_pending_and_preview_leaves_it(world: World, warmlane: Any) -> None:
    world.knows("dev", {"pending_operations": [{"type": "creating"}]})
    assert warmlane("preview")[0] == 0
    assert world.runs("refresh") == []
    code, out, _ = warmlane("up")
    assert code == 0 and "settling 1 operation(s)" in out
    (words,) = world.runs("refresh")
    assert "--clear-pending-creates" in words
    assert warmlane("up")[0] == 0
    assert len(world.runs("refresh")) == 1, "a state without pending operations needs no refresh"


def test_the_lock_of_a_dead_process_is_cleared_and_that_of_a_living_one_is_told(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = world.state / "backend/.pulumi/locks/organization/warmlane/dev"
    place.mkdir(parents=True)
    content = {"pid": 1, "username": "ops", "hostname": "elsewhere", "timestamp": "2026-11-24T11:45:12Z"}
    (place / "a.json").write_text(json.dumps(content))
    code, out, _ = warmlane("up")
    assert code == 3 and "ops on elsewhere" in out and world.runs("up") == []
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    monkeypatch.setattr("cli.locks.is_dead", lambda lock, host, start: True)
    code, out, _ = warmlane("up")
    assert code == 0 and "cleared the lock of process 1" in out


def test_an_environment_in_use_is_not_destroyed(world: World, warmlane: Any) -> None:
    world.stacks(dev=9, spring__sale_dev=5, newsletter_dev=0, receipts_prod=7)
    code, _, err = warmlane("destroy", "--yes")
    assert code == 1 and world.runs("destroy") == []
    assert "spring-sale" in err and "newsletter" not in err and "receipts" not in err
    assert "warmlane destroy -e dev --campaign spring-sale" in err


def test_destroy_of_an_environment_says_what_protection_kept(world: World, warmlane: Any) -> None:
    world.stacks(dev=9)
    resource = {"urn": "urn:pulumi:dev::warmlane::aws:ec2/eip:Eip::amber-address", "id": "eipalloc-1", "protect": True}
    world.knows(
        "dev", {"resources": [{**resource, "type": "aws:ec2/eip:Eip", "outputs": {"publicIp": "198.51.100.16"}}]}
    )
    code, out, _ = warmlane("destroy", "--yes")
    assert code == 0 and "amber-address (198.51.100.16)" in out
    (words,) = world.runs("destroy")
    assert "--exclude-protected" in words


def test_what_never_was_is_not_made_to_be_destroyed(world: World, warmlane: Any) -> None:
    world.stacks(dev=0)
    assert warmlane("destroy", "--all", "--yes")[0] == 0
    assert [stack_of(words) for words in world.runs("destroy")] == ["dev"]
    assert not any(call["words"][:2] == ["stack", "select"] for call in world.calls)


def test_destroy_all_ends_campaigns_before_their_environment(world: World, warmlane: Any) -> None:
    world.engine_says("newsletter.dev", BROKEN, status=255)
    world.cluster({})
    code, _, _ = warmlane("destroy", "--all", "--yes")
    assert code == 3
    assert sorted(map(stack_of, world.runs("destroy"))) == ["newsletter.dev", "spring-sale.dev"]


def test_the_labs_exports_stay_away_from_another_cluster(world: World, warmlane: Any) -> None:
    assert warmlane("preview")[0] == 0
    assert {call["words"][0] for call in world.calls} == {"stack", "preview"}, (
        "the fake on PATH was asked, not the lab's"
    )


def test_status_shows_the_campaigns_and_says_when_the_cluster_is_silent(world: World, warmlane: Any) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps({"lanes": {"amber": {"address": "198.51.100.16"}}}))
    code, out, _ = warmlane("--json", "status")
    document = json.loads(out)
    assert code == 3 and "kubectl" in document["error"]
    rows = {row["campaign"]: row for row in document["campaigns"]}
    assert rows["spring-sale"]["address"] == "198.51.100.16" and rows["spring-sale"]["stage"] == 19
    assert rows["newsletter"]["lane"] == "birch" and rows["newsletter"]["ready"] is None
