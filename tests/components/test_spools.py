"""Where each kind of spool keeps the queue, and what of it outlives its pods."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from campaigns.program import deploy
from warmlane.campaign import Spool
from warmlane.handover import GRACE_SECONDS

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SPOOL = "/var/spool/postfix"


def registered(run, case, spool, **sender):
    """What the campaign's program registers with that spool."""
    campaign = case.campaign.model_copy(
        update={"spool": spool, "sender": case.campaign.sender.model_copy(update=sender)}
    )
    changed = replace(case, campaign=campaign)
    return run(
        lambda: deploy(changed.environment, changed.name, campaign, changed.lease, "canary-password", "a-public-key"),
        stack=f"{campaign.id}.{case.name}",
        outputs=case.outputs,
    )


def mounted(spec, path):
    """By container, the volume that it has there."""
    return {
        container["name"]: mount["name"]
        for container in spec["template"]["spec"]["containers"]
        for mount in container["volumeMounts"]
        if mount["mountPath"] == path
    }


def test_a_persistent_spool_is_a_volume_of_each_pods_own(run, dev) -> None:
    found = registered(run, dev, Spool.PERSISTENT, replicas=3, spool_storage="2Gi")
    assert not found.of(DEPLOYMENT) and not found.of(CLAIM)
    workload = found.one(STATEFUL_SET, "spring-sale-stateful-set").inputs
    assert workload["metadata"]["name"] == "email-sender-campaign-spring-sale", "the origin's name"
    spec = workload["spec"]
    assert (spec["replicas"], spec["serviceName"]) == (3, "email-sender-siblings-spring-sale")
    (template,) = spec["volumeClaimTemplates"]
    assert template["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "2Gi"}},
        "storageClassName": "local",
    }
    changes = "a template that changes asks for another StatefulSet, and this one is not deleted while mail may wait"
    assert template["metadata"]["labels"] == {"warmlane.dev/campaign": "spring-sale"}, changes
    assert set(mounted(spec, SPOOL).values()) == {template["metadata"]["name"]}
    assert len(mounted(spec, SPOOL)) == 2, "Postfix and gate have one queue"
    names = {volume["name"] for volume in spec["template"]["spec"]["volumes"]}
    assert template["metadata"]["name"] not in names, "the claim gives the volume, nothing beside it"


def test_a_volume_outlives_its_pod_its_number_and_its_sender(run, dev) -> None:
    spec = registered(run, dev, Spool.PERSISTENT).one(STATEFUL_SET, "spring-sale-stateful-set").inputs["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert (spec["podManagementPolicy"], spec["updateStrategy"]["type"]) == ("Parallel", "RollingUpdate")


def test_pods_of_a_handover_share_one_volume_for_what_no_sibling_took(run, dev) -> None:
    found = registered(run, dev, Spool.HANDOVER)
    claim = found.one(CLAIM, "spring-sale-exported").inputs
    assert claim["metadata"]["name"] == "sender-exported"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"], "the lab has one node"
    spec = found.one(DEPLOYMENT, "spring-sale-deployment").inputs["spec"]
    volumes = {volume["name"]: volume for volume in spec["template"]["spec"]["volumes"]}
    assert volumes["exported"]["persistentVolumeClaim"] == {"claimName": "sender-exported"}
    assert set(mounted(spec, "/var/lib/warmlane/exported").values()) == {"exported"}
    assert "spring-sale-exported" in found.one(DEPLOYMENT, "spring-sale-deployment").depends_on


def test_where_a_lane_has_two_nodes_the_volume_is_for_both(run, prod) -> None:
    claim = registered(run, prod, Spool.HANDOVER).one(CLAIM, "receipts-exported").inputs
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["storageClassName"] == "efs"


@pytest.mark.parametrize(("spool", "kind"), [(Spool.HANDOVER, DEPLOYMENT), (Spool.PERSISTENT, STATEFUL_SET)])
def test_siblings_find_one_another(run, dev, spool, kind) -> None:
    found = registered(run, dev, spool)
    service = found.one(SERVICE, "spring-sale-siblings").inputs
    assert service["metadata"]["name"] == "email-sender-siblings-spring-sale"
    assert service["spec"]["clusterIP"] == "None", "a sibling is asked itself, not whoever is next"
    assert service["spec"]["selector"] == {"app": "email-sender-spring-sale"}
    assert [port["port"] for port in service["spec"]["ports"]] == [8026]
    assert "publishNotReadyAddresses" not in service["spec"], "a pod that stops or starts takes no mail over"
    (workload,) = found.of(kind).values()
    assert "spring-sale-siblings" in workload.depends_on
    pod = workload.inputs["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == GRACE_SECONDS
    gate = next(container for container in pod["containers"] if container["name"] == "gate")
    assert 8026 in [port["containerPort"] for port in gate["ports"]]


@pytest.mark.parametrize(("spool", "kind"), [(Spool.HANDOVER, DEPLOYMENT), (Spool.PERSISTENT, STATEFUL_SET)])
def test_pulumi_waits_for_pods_that_take_their_whole_grace(run, dev, spool, kind) -> None:
    (workload,) = registered(run, dev, spool, replicas=3).of(kind).values()
    seconds = {verb: int(most.removesuffix("s")) for verb, most in workload.timeouts.items()}
    assert seconds["delete"] > GRACE_SECONDS and seconds["update"] > 3 * GRACE_SECONDS
    deadline = workload.inputs["spec"].get("progressDeadlineSeconds", seconds["create"])
    assert GRACE_SECONDS < deadline <= seconds["create"], "a pod that goes keeps the next one from coming"


@pytest.mark.parametrize("spool", Spool)
def test_the_gate_is_told_its_spool(run, dev, spool) -> None:
    data = registered(run, dev, spool).one(CONFIG_MAP, "spring-sale-config").inputs["data"]
    assert json.loads(data["config.json"])["spool"] == spool.value
