"""The lab's packet rules and what they count, as text."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import settings
from lab.network import addresses, firewall

LISTING = """{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"counter": {"family": "inet", "name": "smtp_not_lane",
"table": "warmlane_router", "handle": 3, "packets": 17, "bytes": 1020}}]}"""


def test_the_router_drops_only_port_25_of_no_lane() -> None:
    rules = firewall.router_rules()

    assert "tcp dport 25 ip saddr != @lane_addresses counter name smtp_not_lane drop" in rules
    assert rules.count("drop") == 1, "every other port must pass, so that what is refused was refused by a policy"


def test_counted_packets_are_read_from_nft() -> None:
    assert firewall.counted_packets(LISTING) == 17


def test_no_lane_means_an_empty_set() -> None:
    assert firewall.lane_set_commands(set()) == "flush set inet warmlane_router lane_addresses\n"


@given(st.sets(st.ip_addresses(v=4), min_size=1))
def test_the_set_is_exactly_the_lanes(lanes: set[IPv4Address]) -> None:
    flush, add, *rest = firewall.lane_set_commands(lanes).splitlines()

    assert flush.startswith("flush set") and not rest
    assert {IPv4Address(word.strip()) for word in add[add.index("{") + 1 : add.index("}")].split(",")} == lanes


def test_elastic_addresses_are_told_from_the_nodes_own() -> None:
    listing = """[{"ifname": "eth0", "addr_info": [{"family": "inet", "local": "198.51.100.2"},
        {"family": "inet", "local": "198.51.100.16"}, {"family": "inet6", "local": "fe80::1"}]}]"""

    assert addresses.elastic(listing) == {IPv4Address("198.51.100.16")}


@pytest.mark.parametrize("stray", [settings.NODE_ADDRESS, settings.LOAD_BALANCER_RANGE[0], IPv4Address("8.8.8.8")])
def test_an_address_outside_of_the_elastic_range_is_refused(stray: IPv4Address) -> None:
    with pytest.raises(ValueError, match=str(stray)):
        addresses.sync_addresses({stray})
