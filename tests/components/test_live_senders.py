"""A lane is not given away while its old campaign's sender lives."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from infra import guard, live
from infra.program import deploy, refuse_lost_senders
from tests.components.conftest import Recorder
from warmlane.environment import Environment

SENDER = live.Workload(
    "amber", "spring-sale", "Deployment", "campaign-spring-sale", "email-sender-campaign-spring-sale"
)


def test_a_sender_on_its_own_lane_is_fine(dev) -> None:
    assert live.lost_senders(dev.environment, [SENDER, replace(SENDER, kind="Pod")]) == []


@pytest.mark.parametrize("holder", ["newsletter", None])
def test_a_lane_is_not_given_away_under_a_living_sender(dev, holder) -> None:
    leases = {holder: dev.environment.leases["spring-sale"]} if holder else {}
    environment = dev.environment.model_copy(update={"leases": leases})
    (sentence,) = live.lost_senders(environment, [SENDER, replace(SENDER, kind="Pod", name="x")])
    assert "spring-sale still sends from it (Deployment campaign-spring-sale/" in sentence
    assert (f"leased to {holder}" if holder else "has no lease") in sentence
    with pytest.raises(pulumi.RunError, match="spring-sale still sends"):
        refuse_lost_senders(environment, "dev", [SENDER])


DEPLOYED = {"spring-sale": "amber", "newsletter": "birch"}
"""The leases of `dev` as they are committed."""


class Outputs(Recorder):
    """An engine whose stack has outputs of an earlier `up`."""

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        assert (args.token, args.args["name"]) == ("pulumi:pulumi:readStackOutputs", "organization/warmlane/dev")
        return {"outputs": self.stack_outputs}


def refuse_with_a_silent_cluster(environment: Environment, outputs: dict[str, Any], *, preview: bool) -> None:
    mocks.set_mocks(Outputs(outputs), project="warmlane", stack="dev", preview=preview, organization="organization")
    refuse_lost_senders(environment, "dev", None)


@pytest.mark.parametrize(
    ("outputs", "what"),
    [
        ({}, "the first `up` of an environment"),
        ({"leases": None}, "an earlier `up` without leases"),
        ({"leases": {"spring-sale": "amber"}}, "a lease that is new"),
        ({"leases": DEPLOYED}, "unchanged leases"),
    ],
)
def test_a_silent_cluster_stops_no_update_that_takes_no_lane_away(dev, outputs, what) -> None:
    refuse_with_a_silent_cluster(dev.environment, outputs, preview=False)


@pytest.mark.parametrize(
    ("deployed", "lost"),
    [
        ({"spring-sale": "birch", "newsletter": "amber"}, "amber of newsletter, birch of spring-sale"),
        ({**DEPLOYED, "receipts": "cedar"}, "cedar of receipts"),
    ],
    ids=["changes hands", "loses its lease"],
)
def test_a_silent_cluster_stops_an_update_that_takes_a_lane_away(dev, caplog, deployed, lost) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        refuse_with_a_silent_cluster(dev.environment, {"leases": deployed}, preview=False)
    said = str(caught.value)
    assert lost in said and "Pulumi.dev.yaml" in said and "kubectl --context warmlane-lab get nodes" in said
    refuse_with_a_silent_cluster(dev.environment, {"leases": deployed}, preview=True)
    assert caplog.messages == [f"`up` will refuse this. {said}"]


@pytest.fixture
def kubectl(monkeypatch, tmp_path):
    """Puts a `kubectl` with given behaviour, a shell script, first on PATH."""

    def put(script: str) -> None:
        (tmp_path / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "kubectl").chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return put


def test_workloads_and_pods_of_every_namespace_are_asked_for(kubectl) -> None:
    marks = {"warmlane.dev/lane": "amber", "warmlane.dev/campaign": "spring-sale"}
    item = {"metadata": {"namespace": "campaign-spring-sale", "name": "one", "labels": marks}}
    stranger = {"metadata": {"namespace": "x", "name": "y", "labels": {"warmlane.dev/lane": "amber"}}}
    answer = json.dumps({"items": [item, stranger]})
    asked = "--context lab .*--raw /api.*?labelSelector=warmlane.dev/lane$"
    kubectl(f"""echo "$*" | grep -q -- '{asked}' && echo '{answer}'""")
    workloads = live.workloads("lab")
    assert workloads is not None
    assert [(workload.kind, workload.campaign) for workload in workloads] == [
        ("Deployment", "spring-sale"),
        ("StatefulSet", "spring-sale"),
        ("Pod", "spring-sale"),
    ], "a pod of a deleted workload sends until its grace period ends"


@pytest.mark.parametrize("script", ["exit 1", "echo no JSON", "echo '[]'"])
def test_a_cluster_that_can_not_be_asked_counts_as_not_answering(kubectl, script) -> None:
    kubectl(script)
    assert live.workloads("nowhere") is None


def test_a_machine_without_kubectl_counts_as_not_answering(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert live.workloads("nowhere") is None


def test_the_lease_table_is_what_carries_the_delete_hook(run, dev) -> None:
    recorder = run(lambda: deploy(dev.environment, "dev", "a-password", "another", "a-key"))
    assert recorder.one("kubernetes:core/v1:ConfigMap", guard.RESOURCE).inputs["metadata"]["name"] == "lease-table"
