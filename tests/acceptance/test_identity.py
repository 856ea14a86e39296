"""Nothing leaves by a wrong address: the gate waits for the proof, also where nothing else stands in the way.

The lab's router lets port 25 out from lane addresses only. Here that rule is lifted, so that the gate is alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cli.cluster import Cluster
from cli.demo import count, producers
from lab import images, receivers, settings
from lab.network import firewall
from lab.network.commands import run
from tests.acceptance.conftest import ENVIRONMENT, ROOT
from tests.acceptance.sender import Sender, wait_for
from warmlane.config import campaign_file, load_campaign, read_environment

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

CAMPAIGN = "spring-sale"
MESSAGES = 10
TABLE, COUNTER = "warmlane_acceptance", "to_providers"
POLICIES = "/apis/cilium.io/v2/ciliumegressgatewaypolicies"
MANAGER = "warmlane-acceptance"


def router(commands: str) -> None:
    run("nft", "-f", "-", namespace=settings.ROUTER_NETNS, text=commands)


@pytest.fixture
def alone(deployed: Any) -> Iterator[None]:
    """The router passes every packet to port 25, and counts those to the mailbox providers."""
    providers = ", ".join(sorted({str(address) for address in settings.RECEIVERS.values()}))
    router(f"""
    flush chain inet {firewall.ROUTER_TABLE} forward
    table inet {TABLE} {{
        counter {COUNTER} {{ }}
        chain forward {{
            type filter hook forward priority filter; policy accept;
            ip daddr {{ {providers} }} tcp dport 25 counter name {COUNTER}
        }}
    }}
    """)
    yield
    router(f"delete table inet {TABLE}\n{firewall.router_rules()}")


def packets() -> int:
    """Packets to providers' port 25 since the rule was lifted."""
    listing = run("nft", "-j", "list", "counter", "inet", TABLE, COUNTER, namespace=settings.ROUTER_NETNS)
    return firewall.counted_packets(listing)


@pytest.fixture
def policy(cluster: Cluster) -> Iterator[dict[str, Any]]:
    """The way out of the campaign's lane, as it is deployed; it is so again afterwards."""
    lane = read_environment(ROOT, ENVIRONMENT).leases[CAMPAIGN].lane
    found = cluster.get(f"{POLICIES}/lane-{lane}")
    right = {key: found[key] for key in ("apiVersion", "kind", "spec")}
    right["metadata"] = {"name": f"lane-{lane}", "labels": found["metadata"]["labels"]}
    yield right
    cluster.apply([right], MANAGER)


def other_lane(cluster: Cluster, policy: dict[str, Any]) -> str:
    """The address of another lane."""
    own = policy["spec"]["egressGateway"]["egressIP"]
    all_ = [one["spec"]["egressGateway"]["egressIP"] for one in cluster.get(POLICIES)["items"]]
    return next(str(address) for address in all_ if address != own)


def test_a_way_out_that_is_missing_wrong_or_late(cluster: Cluster, alone: None, policy: dict[str, Any]) -> None:
    campaign, sender = load_campaign(ROOT, CAMPAIGN, ENVIRONMENT), Sender(cluster, CAMPAIGN)
    password = json.loads(settings.SECRETS_FILE.read_text())["submission"][CAMPAIGN]
    assert (ROOT / campaign_file(CAMPAIGN, ENVIRONMENT)).exists() and sender.queued() == 0
    producers.ensure(cluster, [campaign], images.ensure(lambda line: None)["producer"].reference)
    began, name, before = time.time(), f"identity-{int(time.time())}", packets()
    source = policy["spec"]["egressGateway"]["egressIP"]

    def closed() -> bool:
        return {state["closed"] for state in sender.states().values()} == {"identity"}

    cluster.kubectl("delete", "ciliumegressgatewaypolicy", policy["metadata"]["name"])
    sender.renewed()
    recipients = count.recipients(MESSAGES, list(settings.RECEIVERS)[:2], name)
    assert producers.submit(cluster, campaign, password, name, recipients) == (MESSAGES, None)
    wait_for(closed, "both gates are closed for their identity, without a way out", 60)
    assert (sender.queued(), packets() - before) == (MESSAGES, 0), "no policy: all waits, not one packet"

    wrong = {"egressGateway": {**policy["spec"]["egressGateway"], "egressIP": other_lane(cluster, policy)}}
    cluster.apply([{**policy, "spec": {**policy["spec"], **wrong}}], MANAGER)
    sender.renewed()
    wait_for(closed, "both gates are closed for their identity, by another lane's way out", 60)
    assert (sender.queued(), packets() - before) == (MESSAGES, 0), "a wrong policy: all waits, not one packet"

    cluster.apply([policy], MANAGER)

    def taken() -> list[receivers.Receipt]:
        return count.of_run(receivers.received(began), name).get(campaign.sending_domain, [])

    wait_for(lambda: len(taken()) == MESSAGES, "a policy that comes late lets all leave", 180)
    assert {receipt.source for receipt in taken()} == {source}
    assert packets() > before, "the counter counts"
