"""`warmlane suppress`: what goes to the store's keeper, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import main
from cli.cluster import Cluster
from cli.suppress import command


class Keeper:
    """Stands in for the keeper's pod: takes what has an @-sign."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.error: str | None = None

    def python(self, cluster: Any, namespace: str, pod: str, script: str, given: Any, container: str) -> Any:
        assert (namespace, pod, container) == ("warmlane-platform", "deployment/store", "keeper")
        self.requests.append(given)
        if self.error:
            return {"error": self.error}
        if given["do"] == "list":
            return {"tallies": [{"key_id": "k2", "campaign": "", "kind": "manual", "count": 1234}]}
        bad = [position for position, address in enumerate(given["addresses"]) if "@" not in address]
        refused = [{"position": position, "why": "It has no @-sign."} for position in bad]
        return {"stored": len(given["addresses"]) - len(bad), "refused": refused}


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """The keeper's stand-in, in an environment that needs no engine."""
    stand_in = Keeper()
    monkeypatch.setattr(Cluster, "python", lambda cluster, *rest, **how: stand_in.python(cluster, *rest, **how))
    monkeypatch.setattr(command, "engine_of", lambda *_: type("Engine", (), {"variables": {}}))
    return stand_in


def test_addresses_are_added_for_the_whole_organisation(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["suppress", "add", "a@shop.test", "b@shop.test"]) == 0
    expected = {
        "do": "add",
        "kind": "manual",
        "campaign": "",
        "expires": None,
        "addresses": ["a@shop.test", "b@shop.test"],
    }
    assert keeper.requests == [expected]
    assert "2 suppressed for the whole organisation, 0 refused" in capsys.readouterr().out


def test_an_address_that_is_none_is_named_and_ends_with_1(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["suppress", "add", "a@shop.test", "nobody", "--campaign", "newsletter", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["stored"] == 1 and said["refused"] == [{"address": "nobody", "why": "It has no @-sign."}]
    assert keeper.requests[0]["campaign"] == "newsletter"


def test_a_list_goes_in_batches_and_bad_rows_are_told_by_line(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROWS_AT_ONCE", 2)
    (tmp_path / "list.csv").write_text(
        "email,name\na@shop.test,A\nb@shop.test,B\nnobody,C\n d@shop.test ,D\ne@shop.test,E\n"
    )
    assert main.main(["suppress", "import", str(tmp_path / "list.csv"), "--kind", "unsubscribe"]) == 1
    sent = [request["addresses"] for request in keeper.requests]
    assert sent == [["a@shop.test", "b@shop.test"], ["nobody", "d@shop.test"], ["e@shop.test"]]
    assert {request["kind"] for request in keeper.requests} == {"unsubscribe"}
    said = capsys.readouterr().out
    assert "not stored: list.csv, line 4: It has no @-sign." in said and "4 suppressed" in said


def test_figures_are_listed(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["suppress", "list"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("organisation", "manual", "k2", "1,234"))


@pytest.mark.parametrize(
    "words",
    [
        ["add", "a@shop.test", "--kind", "complaint", "--days", "9"],
        ["add", "a@shop.test", "--campaign", "nothing"],
        ["add", "a@shop.test", "--kind", "whim"],
        ["add"],
    ],
)
def test_what_is_typed_wrongly_asks_nobody(keeper: Keeper, words: list[str]) -> None:
    assert main.main(["suppress", *words]) == 2
    assert keeper.requests == []


def test_a_store_that_fails_ends_with_3_and_says_what_to_do(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    keeper.error = "StoreUnavailable: the store does not answer"
    assert main.main(["suppress", "add", "a@shop.test"]) == 3
    assert "run the command again" in capsys.readouterr().err
