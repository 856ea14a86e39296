"""Where a campaign must say what its sender may lose, and where it need not."""

from __future__ import annotations

import json

from policies import committed, pack
from policies.rules import RULES
from tests.policies import world
from tests.policies.harness import campaign_stack, rule, violations
from warmlane.campaign import Spool


def unsaid() -> None:
    world.campaigns(spring_sale=lambda body: body.pop("spool"))


def test_a_lab_may_leave_it_out_and_prod_may_not() -> None:
    given = {name: pack.read(committed.REPOSITORY, name, RULES).get("spool-stated", {}) for name in ("dev", "prod")}
    unsaid()
    stack = list(campaign_stack().values())
    assert violations(rule("spool-stated"), stack, given["dev"]) == []
    assert violations(rule("spool-stated"), stack, given["prod"]), "prod's rules are told nothing, and ask for it"


def test_the_refusal_says_what_either_loses_and_where_to_write_it() -> None:
    unsaid()
    (message,) = violations(rule("spool-stated"), list(campaign_stack().values()))
    assert "campaigns/Pulumi.spring-sale.dev.yaml" in message
    for spool in Spool:
        assert f"`spool: {spool}` ({spool.loses})" in message


def test_a_sender_without_a_word_hands_its_queue_over() -> None:
    unsaid()
    stack = campaign_stack()
    world.rewritten(stack)
    assert json.loads(stack["config"].props["data"]["config.json"])["spool"] == "handover"
