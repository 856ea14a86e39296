"""The pack's config files: chosen by the stack's name, judged whole, and as strict as `prod` where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies import pack
from policies.committed import REPOSITORY
from policies.rules import RULES
from warmlane.errors import ConfigError

SNAPSHOT_READERS = ("hold-respected", "incident-remedied", "lease-cool-down", "new-lease-known", "stage-in-ledger")


@pytest.mark.parametrize("file", sorted((REPOSITORY / pack.DIRECTORY).glob("*.json")), ids=lambda file: file.name)
def test_a_committed_config_is_sound(file: Path) -> None:
    pack.read(REPOSITORY, file.stem, RULES)


@pytest.mark.parametrize(
    ("stack", "environment"),
    [
        ("dev", "dev"),
        ("spring-sale.dev", "dev"),
        ("prod", "prod"),
        ("receipts.prod", "prod"),
        ("nowhere", "prod"),
        ("spring-sale.nowhere", "prod"),
        ("", "prod"),
    ],
)
def test_the_stacks_name_chooses_the_config(stack: str, environment: str) -> None:
    assert pack.environment(stack) == environment


def refused(tmp_path: Path, name: str, document: object) -> str:
    (tmp_path / pack.DIRECTORY).mkdir(parents=True)
    (tmp_path / pack.DIRECTORY / f"{name}.json").write_text(json.dumps(document))
    with pytest.raises(ConfigError) as caught:
        pack.read(tmp_path, name, RULES)
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"no-wide-allow": "advisory"}, 'no-wide-allow.enforcementLevel: value "advisory" is not allowed: in prod'),
        ({"no-wide-allow": {"enforcementLevel": "disabled"}}, "in prod every rule is mandatory; remove the level"),
        ({"all": "advisory"}, "all.enforcementLevel"),
        ({"all": "loud"}, "it must be one of advisory, mandatory, remediate, disabled"),
        (
            {"no-wide-alow": {}},
            "no-wide-alow: value {} is not allowed: there is no such rule; rules: address-protected",
        ),
        ({"no-wide-allow": 3}, "write a level or an object of properties"),
        ([], "write a JSON object of rules"),
        ({"all": {"snapshot": ""}}, 'all.snapshot: value "" is not allowed'),
        ({"all": {"snapshots": "it.json"}}, "all.snapshots: value"),
        (
            {"stage-in-ledger": {"snapshot": "it.json"}},
            "write it under all, so that every rule and `warmlane snapshot`",
        ),
        ({"no-wide-allow": {"most": 3}}, "no-wide-allow.most: value 3 is not allowed: the rule is told nothing"),
        ({"new-lanes-a-week": {"mst": 3}}, "new-lanes-a-week.mst: value 3 is not allowed"),
        ({"new-lanes-a-week": {"most": "many"}}, 'new-lanes-a-week.most: value "many" is not allowed: it must be a'),
    ],
)
def test_an_unsound_config_is_refused_with_file_key_and_value(tmp_path: Path, document: object, text: str) -> None:
    said = refused(tmp_path, "prod", document)
    assert said.startswith("policies/config/prod.json: 1 problem") and text in said


def written(tmp_path: Path, name: str, document: object) -> Path:
    (tmp_path / pack.DIRECTORY).mkdir(parents=True, exist_ok=True)
    (tmp_path / pack.DIRECTORY / f"{name}.json").write_text(json.dumps(document))
    return tmp_path


def test_every_rule_that_reads_the_snapshot_is_told_the_same_file(tmp_path: Path) -> None:
    document = {"all": {"enforcementLevel": "advisory", "snapshot": "it.json"}, "new-lanes-a-week": {"most": 3}}
    found = pack.read(written(tmp_path, "dev", document), "dev", RULES)
    assert found.pop("all") == {"enforcementLevel": "advisory"}, "the engine knows no other property of all rules"
    assert found.pop("new-lanes-a-week") == {"most": 3, "snapshot": "it.json"}
    assert found == dict.fromkeys(SNAPSHOT_READERS, {"snapshot": "it.json"})
    assert pack.snapshot_file(tmp_path, "dev", RULES) == "it.json"


def test_where_the_snapshot_lies(tmp_path: Path) -> None:
    assert pack.snapshot_file(REPOSITORY, "dev", RULES) == ".lab/snapshot.json", "git ignores it"
    assert pack.snapshot_file(REPOSITORY, "prod", RULES) == "policies/snapshots/prod.json"
    written(tmp_path, "prod", {"all": {"snapshot": "known/{environment}.json"}})
    assert pack.snapshot_file(tmp_path, "nowhere", RULES) == "known/nowhere.json", "prod's config, for itself"


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    assert "2 problems" in refused(tmp_path, "prod", {"all": "advisory", "no-wide-alow": {}})


def test_another_environment_may_lower_a_rule_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / pack.DIRECTORY).mkdir(parents=True)
    (tmp_path / pack.DIRECTORY / "dev.json").write_text(json.dumps({"no-wide-allow": "advisory"}))
    assert pack.read(tmp_path, "dev", RULES) == {"no-wide-allow": {"enforcementLevel": "advisory"}}
