"""README's way to a new campaign: the refusal says what to run, and after it everything passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from policies import committed
from tests.cli.conftest import World

SALE = "campaigns/Pulumi.spring-sale.dev.yaml"
ASKED = re.compile(r"Run `warmlane ([^`]+)`, which writes it, then this command again\.")


def forget() -> None:
    """What rules have read so far: another process would read it again."""
    for one in vars(committed).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


@pytest.fixture
def cold(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Nothing is deployed yet, and a campaign with a lane of its own has been added, both from today on."""
    monkeypatch.setattr(committed, "REPOSITORY", world.repository)
    world.stacks()
    today = committed.today().isoformat()
    lane = f'      cedar: {{address: 192.0.2.13, node_labels: {{lane: cedar}}, started: "{today}"}}\n'
    lease = f'      autumn-sale: {{lane: cedar, since: "{today}"}}\n'
    world.change("Pulumi.dev.yaml", "    leases:\n", f"{lane}    leases:\n{lease}")
    text = (world.repository / SALE).read_text().replace("spring-sale", "autumn-sale")
    file = world.repository / SALE.replace("spring-sale", "autumn-sale")
    file.write_text(text.replace('wanted_by: "2026-12-15"', 'wanted_by: "2099-01-01"'))
    forget()
    yield world
    forget()


def test_the_refusal_names_the_command_that_is_missing(cold: World, warmlane: Any) -> None:
    code, out, _ = warmlane("render", "--all")
    assert code == 1
    asked = ASKED.search(out)
    assert asked and asked.group(1) == "snapshot -e dev", out
    code, out, err = warmlane(*asked.group(1).split())
    assert code == 0, err
    assert "0 holds and 0 incidents are known" in out
    forget()
    code, out, err = warmlane("render", "--all")
    assert code == 0, out + err


def test_without_it_the_campaigns_that_were_there_pass(cold: World, warmlane: Any) -> None:
    code, out, _ = warmlane("render", "--all")
    assert "gives lane cedar to autumn-sale, which did not have it" in out
    assert code == 1 and "to spring-sale, which" not in out and "to newsletter, which" not in out


def test_a_campaign_whose_lease_is_ending_is_not_rendered(cold: World, warmlane: Any) -> None:
    cold.change("Pulumi.dev.yaml", "{lane: cedar, since", "{lane: cedar, state: ending, since")
    code, out, err = warmlane("render", "--all")
    assert code == 0, out + err
    assert "autumn-sale is left out, as its lease of cedar is ending" in out and "autumn-sale.dev" not in out
