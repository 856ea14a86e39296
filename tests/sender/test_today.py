"""The gate reads what the campaign's program writes."""

from __future__ import annotations

import json

import pytest

from components.sender import config_document
from policies import committed
from services.sender.gate.today import ConfigError, parse_deployed
from warmlane import sizing

DEV, SALE = "dev", "spring-sale"


def written() -> str:
    """config.json as the program writes it."""
    environment, campaign = committed.environment(DEV), committed.campaign(SALE, DEV)
    assert campaign is not None
    return config_document(campaign, environment, environment.leases[SALE])


def test_what_the_program_writes_is_read() -> None:
    found, campaign = parse_deployed(written()), committed.campaign(SALE, DEV)
    assert campaign is not None
    assert (found.campaign, found.sending_domain) == (SALE, campaign.sending_domain)
    assert found.replicas == campaign.sender.replicas
    assert found.max_backlog_days == campaign.max_backlog_days
    assert found.spool_mib == sizing.spool_mib(campaign, committed.environment(DEV))


@pytest.mark.parametrize(
    "key", ["campaign", "day_length", "max_backlog_days", "replicas", "spool", "spool_mib", "warm_up"]
)
def test_a_value_that_can_not_be_used_is_named(key: str) -> None:
    document = json.loads(written())
    document[key] = "x"
    with pytest.raises(ConfigError, match=r"config\.json can't be used"):
        parse_deployed(json.dumps(document) if key != "campaign" else "[]")
    if key != "day_length":
        del document[key]
        with pytest.raises(ConfigError, match=f"{key} is missing"):
            parse_deployed(json.dumps(document))
