"""No deploy changes one kind of spool into the other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pulumi
import pytest

from campaigns import kubectl, spools
from warmlane.campaign import Spool

NAMESPACE = "campaign-spring-sale"
WORKLOAD = "email-sender-campaign-spring-sale"
DEPLOYED = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{WORKLOAD}"
SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{WORKLOAD}"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the objects that kubectl finds."""
    there = list[str]()

    def run(context: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        if arguments[2] in there:
            return subprocess.CompletedProcess(arguments, 0, "{}", "")
        return subprocess.CompletedProcess(arguments, 1, "", "Error from server (NotFound): no such thing")

    monkeypatch.setattr(kubectl, "run", run)
    return there


def persistent(dev):
    return dev.campaign.model_copy(update={"spool": Spool.PERSISTENT})


def respect(run, case, campaign, *, preview: bool) -> None:
    """As a program that ends, so that what it says has been said."""
    run(lambda: spools.respect(case.environment, case.name, campaign), preview=preview, stack="spring-sale.dev")


def test_another_spool_than_the_deployed_one_is_refused(run, dev, cluster, caplog) -> None:
    cluster.append(DEPLOYED)
    with pytest.raises(pulumi.RunError) as caught:
        respect(run, dev, persistent(dev), preview=False)
    said = str(caught.value)
    assert "deployed with `spool: handover`" in said
    assert "`warmlane destroy -e dev -c spring-sale` and `warmlane up -e dev -c spring-sale`" in said
    respect(run, dev, persistent(dev), preview=True)
    assert caplog.messages == [f"`up` will refuse this. {said}"]


def test_the_way_back_is_refused_as_well(run, dev, cluster) -> None:
    cluster.append(SET)
    with pytest.raises(pulumi.RunError, match="deployed with `spool: persistent`"):
        respect(run, dev, dev.campaign, preview=False)


@pytest.mark.parametrize("there", [(), (SET,)], ids=["a first deploy", "an update"])
def test_the_same_spool_is_deployed(run, dev, cluster, there) -> None:
    cluster.extend(there)
    respect(run, dev, persistent(dev), preview=False)


def test_a_cluster_that_does_not_answer_is_said(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(kubectl.Silent):
        kubectl.find("nowhere", DEPLOYED)
