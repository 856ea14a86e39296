"""Options that the policy pack is not shown: each program says by them what it must, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.program import deploy as deploy_campaign
from infra.program import deploy as deploy_environment
from warmlane.campaign import Spool


@pytest.fixture(params=["dev", "prod"])
def case(request):
    return request.getfixturevalue(request.param)


def environment(run, case):
    arguments = (case.environment, case.name, "canary-password", "canary-store-password", "canary-key")
    return run(lambda: deploy_environment(*arguments), stack=case.name)


def campaign(run, case, spool):
    changed = replace(case, campaign=case.campaign.model_copy(update={"spool": spool}))
    arguments = (changed.environment, changed.name, changed.campaign, changed.lease, "canary-password", "a-public-key")
    return run(lambda: deploy_campaign(*arguments), stack=f"{case.campaign.id}.{case.name}", outputs=case.outputs)


def told_unseen(recorder):
    """By name, what of a resource's options no rule is shown."""
    return {
        found.name: (found.deleted_with, found.replace_on_changes)
        for found in recorder.resources.values()
        if found.deleted_with or found.replace_on_changes
    }


def test_an_environment_deletes_and_replaces_nothing_unseen(run, case) -> None:
    assert told_unseen(environment(run, case)) == {}, "a resource that goes with another is deleted past its provider"


@pytest.mark.parametrize("spool", Spool)
def test_a_campaign_deletes_and_replaces_nothing_unseen(run, case, spool) -> None:
    recorder = campaign(run, case, spool)
    assert told_unseen(recorder) == {}, "a workload that is replaced for a change loses what waits in it"
    kept = [found.name for found in recorder.resources.values() if found.retain_on_delete]
    assert kept == [f"{case.campaign.id}-smtp-egress"], "nothing else stays when it is taken from the program"
