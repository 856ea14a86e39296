"""The platform's store: who gets which secret, and what its keeper is told."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import pytest
from pulumi.runtime import rpc

from campaigns.deployed import no_access
from campaigns.program import deploy as deploy_campaign
from components.store import access, pod
from infra.program import deploy
from services.sender.gate import suppressions
from services.store.keeper import mounts
from warmlane import names, store_access

KEY = "canary-key"
SECRET, CONFIG_MAP, POLICY = (
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
)


@pytest.fixture
def lab(run, dev):
    return run(lambda: deploy(dev.environment, "dev", "canary-1", "canary-2", KEY, date(2027, 5, 1)))


def opened(data: Any) -> dict[str, str]:
    """A Secret's `data` in clear; it must have been marked secret as a whole."""
    assert rpc.is_rpc_secret(data), "the data is in clear in the state"
    return {name: base64.b64decode(text).decode() for name, text in rpc.unwrap_rpc_secret(data).items()}


def test_each_campaign_gets_its_own_password_and_the_organisations_hash_keys(dev) -> None:
    found = access(KEY, dev.environment)
    assert set(found) == {"spring-sale", "newsletter"}
    passwords = {files["password"] for files in found.values()}
    assert len(passwords) == 2 and all(len(password) == 64 for password in passwords)
    keys = {files["suppression_keys.json"] for files in found.values()}
    assert len(keys) == 1, "who is suppressed for all must be found by every campaign under one hash"
    assert access("another", dev.environment)["newsletter"]["password"] not in passwords
    handover = {files["handover_key"] for files in found.values()}
    assert len(handover) == 2, "a campaign's mail is opened by no other campaign"
    hashing = {each["key"] for each in json.loads(keys.pop())}
    assert not passwords & hashing and not handover & (passwords | hashing), "no derived secret tells another"


def test_the_first_key_writes_and_a_second_one_is_read() -> None:
    ring = suppressions.parse_keys(store_access.suppression_keys(KEY, ["2", "1"]))
    assert ring.current.id == "2" and ring.previous is not None and ring.previous.id == "1"


def test_the_keeper_has_the_passwords_that_the_senders_have(lab, dev) -> None:
    roles = opened(lab.one(SECRET, "store-roles").inputs["data"])
    assert roles == {campaign: files["password"] for campaign, files in access(KEY, dev.environment).items()}
    keys = opened(lab.one(SECRET, "store-suppression-keys").inputs["data"])
    assert set(keys) == {"suppression_keys.json"}


def test_the_keeper_reads_what_the_program_writes(lab, dev, tmp_path) -> None:
    folders = {
        mounts.LEASE_TABLE: lab.one(CONFIG_MAP, "platform-lease-table").inputs["data"],
        mounts.HISTORY: lab.one(CONFIG_MAP, "platform-lane-history").inputs["data"],
        mounts.ROLES: opened(lab.one(SECRET, "store-roles").inputs["data"]),
    }
    for folder, files in folders.items():
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    wanted = mounts.read(tmp_path)
    assert wanted.leases == {"amber": "spring-sale", "birch": "newsletter"}
    assert set(wanted.histories) == {"amber", "birch"} and set(wanted.passwords) == {"spring-sale", "newsletter"}


def test_the_keeper_is_mounted_where_it_looks(dev) -> None:
    spec = pod(dev.environment.images)
    keeper = spec["containers"][1]
    places = {mount["mountPath"]: mount["name"] for mount in keeper["volumeMounts"]}
    assert keeper["command"] == ["warmlane-keeper"] and keeper["image"] == dev.environment.images.sender
    for folder in (mounts.LEASE_TABLE, mounts.HISTORY, mounts.ROLES):
        assert str(mounts.ROOT / folder) in places
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert set(places.values()) <= set(volumes)
    assert "superuser" not in places.values() and "data" not in places.values()


def test_the_store_stays_reachable_while_its_keeper_is_not_ready(lab) -> None:
    assert lab.one("kubernetes:core/v1:Service", "store-service").inputs["spec"]["publishNotReadyAddresses"] is True


def test_the_pod_waits_for_everything_that_it_mounts_and_for_its_policies(lab) -> None:
    needed = lab.one("kubernetes:apps/v1:Deployment", "store-deployment").depends_on
    assert {
        *("platform-namespace", "platform-default-deny", "platform-store-from-senders"),
        *("platform-lease-table", "platform-lane-history", "store-roles", "store-suppression-keys", "store-superuser"),
    } <= needed


def test_a_campaign_mounts_its_own_access_alone(run, dev) -> None:
    outputs = dev.outputs | {"store_access": access(KEY, dev.environment)}
    stack = run(
        lambda: deploy_campaign(dev.environment, dev.name, dev.campaign, dev.lease, "a-password", "a-public-key"),
        stack="spring-sale.dev",
        outputs=outputs,
    )
    assert opened(stack.one(SECRET, "spring-sale-store").inputs["data"]) == outputs["store_access"]["spring-sale"]
    everything = str({name: found.inputs for name, found in stack.resources.items() if name[0] != SECRET})
    assert not [text for files in outputs["store_access"].values() for text in files.values() if text in everything], (
        "the access is in a Secret alone"
    )


def test_an_environment_of_before_is_told_apart(run, dev) -> None:
    def program() -> None:
        deploy_campaign(dev.environment, dev.name, dev.campaign, dev.lease, "a-password", "a-public-key")

    outputs = {key: value for key, value in dev.outputs.items() if key != "store_access"}
    preview = run(program, preview=True, stack="spring-sale.dev", outputs=outputs)
    assert (SECRET, "spring-sale-store") in preview.resources
    with pytest.raises(Exception, match="no access to the store. Run `pulumi up -s dev`"):
        run(program, stack="spring-sale.dev", outputs=outputs)
    assert "newsletter" in no_access("newsletter", "dev")


def test_policies_of_both_ends_name_each_other(lab, run, dev) -> None:
    ingress = lab.one(POLICY, "platform-store-from-senders").inputs["spec"]
    (rule,) = ingress["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": names.STORE_PORT}]
    stack = run(
        lambda: deploy_campaign(dev.environment, dev.name, dev.campaign, dev.lease, "a-password", "a-public-key"),
        stack="spring-sale.dev",
        outputs=dev.outputs,
    )
    (out,) = stack.one(POLICY, "spring-sale-store-egress").inputs["spec"]["egress"]
    assert out["ports"] == rule["ports"]
    assert out["to"][0]["podSelector"] == ingress["podSelector"]
    pods = stack.one("kubernetes:apps/v1:Deployment", "spring-sale-deployment").inputs["spec"]["template"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
