"""The command on the deployed environment."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cli.cluster import Cluster
from lab import receivers
from tests.acceptance.conftest import CAMPAIGNS, ROOT
from tests.acceptance.world import things
from warmlane.config import load_campaign

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

MESSAGES = 100


def warmlane(*words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON document of a command."""
    command = [ROOT / ".venv/bin/warmlane", "--json", *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def test_an_environment_in_use_is_not_destroyed(cluster: Cluster) -> None:
    before = things(cluster)
    code, document = warmlane("destroy", "--yes")
    assert code == 1
    assert all(campaign in document["error"] for campaign in CAMPAIGNS)
    assert things(cluster) == before


def test_up_on_a_deployed_environment_changes_nothing(deployed: object) -> None:
    code, document = warmlane("up", "--all")
    assert code == 0, document
    assert {stack["stack"]: stack["changed"] for stack in document["stacks"]} == {
        "dev": 0,
        **{f"{campaign}.dev": 0 for campaign in CAMPAIGNS},
    }
    for stack in document["stacks"]:
        assert stack["policies"]["passed"] and not stack["policies"]["violations"], stack


def test_status_shows_every_sender_ready(deployed: object) -> None:
    code, document = warmlane("status")
    assert code == 0, document
    rows = {row["campaign"]: row for row in document["campaigns"]}
    assert set(rows) == set(CAMPAIGNS)
    assert len({row["address"] for row in rows.values()}) == len(CAMPAIGNS)
    assert all(row["ready"] == row["wanted"] == 2 for row in rows.values()), rows


def test_each_campaigns_mail_arrives_from_its_own_address_only(deployed: object) -> None:
    before = len(receivers.received())
    code, document = warmlane("demo", "--messages", str(MESSAGES))
    assert code == 0, document
    rows = {row["campaign"]: row for row in document["campaigns"]}
    assert set(rows) == set(CAMPAIGNS)
    for row in rows.values():
        assert row["submitted"] == row["received"] == row["counted"] == MESSAGES
        assert row["sources"] == [row["address"]]
        assert row["policies_passed"] == row["policies"] > 0
    assert len({row["address"] for row in rows.values()}) == len(CAMPAIGNS)
    sources = {load_campaign(ROOT, id_, "dev").sending_domain: row["address"] for id_, row in rows.items()}
    lines = receivers.received()[before:]
    assert len(lines) >= MESSAGES * len(CAMPAIGNS)
    strays = [line for line in lines if line.source != sources[line.message_id.strip("<>").rpartition("@")[2]]]
    assert strays == []
