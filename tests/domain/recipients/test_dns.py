"""Routes from a real DNS server on loopback: what is a "no", what is a "don't know", and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address

import pytest

from tests.domain.recipients.dns_server import SERVFAIL, SILENCE, Says, a, mx, serving
from warmlane.recipients.resolver import DnsLookup, DnsServer
from warmlane.recipients.route import Asked, Records, Route, Taking, routed
from warmlane.recipients.routes import MailRoutes

Answers = Mapping[str, Mapping[str, Says | None]]

MANY = tuple(f"{number} none{number}.zone.test." for number in range(5))
ZONE: Answers = {
    "real.test": {"MX": mx("real.test", "20 Backup.real.test.", "10 mx.real.test.")},
    "mx.real.test": {"A": a("mx.real.test")},
    "six.test": {"MX": mx("six.test", "10 mx.six.test.")},
    "mx.six.test": {"AAAA": Says((("mx.six.test.", 300, "AAAA", "2001:db8::25"),))},
    "implicit.test": {"A": a("implicit.test")},
    "null.test": {"MX": mx("null.test", "0 .")},
    "half-null.test": {"MX": mx("half-null.test", "0 .", "10 mx.real.test.")},
    "parked.test": {"MX": mx("parked.test", "1 mail.h-email.net.")},
    "loop.test": {"MX": mx("loop.test", "10 lo.test.")},
    "lo.test": {"A": a("lo.test", "127.0.0.1")},
    "empty.test": {"TXT": Says()},
    "dangling.test": {"MX": mx("dangling.test", "10 gone.zone.test.")},
    "many.test": {"MX": mx("many.test", *MANY)},
    "alias.test": {
        "MX": Says((("alias.test.", 60, "CNAME", "real.test."), *mx("real.test", "10 mx.real.test.").records))
    },
    "dead-alias.test": {"MX": Says((("dead-alias.test.", 60, "CNAME", "gone.test."),), rcode=3)},
    "circle.test": {"*": Says((("circle.test.", 60, "CNAME", "circle.test."),), soa=None)},
    "failing.test": {"*": SERVFAIL},
    "silent.test": {"*": SILENCE},
    "half-silent.test": {"MX": mx("half-silent.test", "10 silent.test.")},
    "second.test": {"MX": mx("second.test", "10 gone.zone.test.", "20 mx.real.test.")},
}


def asked(domain: str, zone: Answers = ZONE) -> tuple[Route, float]:
    async def run() -> tuple[Route, float]:
        async with serving(zone) as (_, server):
            return await routed(domain, DnsLookup([server], lifetime=0.4, timeout=0.2))

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("domain", "taking"),
    [
        ("real.test", Taking.YES),
        ("six.test", Taking.YES),
        ("implicit.test", Taking.YES),
        ("half-null.test", Taking.YES),
        ("alias.test", Taking.YES),
        ("second.test", Taking.YES),
        ("gone.test", Taking.NO_DOMAIN),
        ("dead-alias.test", Taking.NO_DOMAIN),
        ("null.test", Taking.NULL_MX),
        ("parked.test", Taking.PARKED),
        ("loop.test", Taking.PARKED),
        ("empty.test", Taking.NO_HOST),
        ("dangling.test", Taking.NO_HOST),
        ("many.test", Taking.UNKNOWN),
        ("circle.test", Taking.UNKNOWN),
        ("failing.test", Taking.UNKNOWN),
        ("silent.test", Taking.UNKNOWN),
        ("half-silent.test", Taking.UNKNOWN),
    ],
)
def test_a_domains_answer(domain: str, taking: Taking) -> None:
    route, _ = asked(domain)
    assert route.taking is taking, route
    assert (route.why == "") is (taking is Taking.YES), "every other answer says why"


def test_exchangers_stand_by_preference_in_lower_case() -> None:
    assert asked("real.test")[0].exchanges == ("mx.real.test", "backup.real.test")
    assert asked("implicit.test")[0].exchanges == ("implicit.test",)


def test_a_server_that_is_not_there_is_no_no() -> None:
    async def run() -> Route:
        return (await routed("real.test", DnsLookup([DnsServer("127.0.0.1:1")], lifetime=0.4, timeout=0.2)))[0]

    assert asyncio.run(run()).taking is Taking.UNKNOWN


@pytest.mark.parametrize(
    ("soa", "seconds"), [((300, 60), 60.0), ((40, 900), 40.0), (None, 0.0)], ids=["minimum", "ttl", "no SOA"]
)
def test_a_no_is_kept_as_rfc_2308_says(soa: tuple[int, int] | None, seconds: float) -> None:
    gone = {"gone.test": {"MX": Says(rcode=3, soa=soa)}, "empty.test": {"MX": Says(soa=soa), "A": Says(soa=soa)}}
    assert asked("gone.test", gone)[1] == seconds
    assert asked("empty.test", gone)[1] == (min(seconds, 60.0) if soa else 0.0)


@pytest.mark.parametrize(
    ("last", "kind", "names"),
    [
        (1, Asked.FOUND, ("amber.warmlane.test", "node.example")),
        (2, Asked.NO_NAME, ()),
        (3, Asked.NO_DATA, ()),
        (4, Asked.UNKNOWN, ()),
    ],
)
def test_an_address_points_to_names_in_lower_case(last: int, kind: Asked, names: tuple[str, ...]) -> None:
    one, three, four = (f"{number}.100.51.198.in-addr.arpa" for number in (1, 3, 4))
    both = ((f"{one}.", 60, "PTR", "Amber.warmlane.test."), (f"{one}.", 60, "PTR", "node.example."))
    zone: Answers = {one: {"PTR": Says(both)}, three: {"TXT": Says()}, four: {"*": SILENCE}}

    async def run() -> Records:
        async with serving(zone) as (_, server):
            return await DnsLookup([server], lifetime=0.4, timeout=0.2).names(IPv4Address(f"198.51.100.{last}"))

    found = asyncio.run(run())
    assert (found.asked, tuple(sorted(found.values))) == (kind, names)


def test_the_shortest_time_to_live_on_the_way_counts() -> None:
    assert asked("alias.test")[1] == 60, "the alias' own"
    zone = {"d.test": {"MX": mx("d.test", "10 mx.d.test.")}, "mx.d.test": {"A": a("mx.d.test", ttl=7)}}
    assert asked("d.test", zone)[1] == 7, "the address'"


def test_a_second_question_is_not_asked() -> None:
    async def run() -> int:
        async with serving(ZONE) as (zone, server):
            routes = MailRoutes(DnsLookup([server], lifetime=0.4, timeout=0.2))
            for _ in range(3):
                for domain in ("real.test", "gone.test", "failing.test"):
                    await routes.route(domain)
            return max(zone.asked.values())

    assert asyncio.run(run()) == 1


def test_an_address_is_never_looked_for_under_a_search_domain() -> None:
    async def run() -> set[str]:
        async with serving({}) as (zone, server):
            found = await DnsLookup([server]).mx("gone.test")
            assert found.asked is Asked.NO_NAME
            return {name for name, _ in zone.asked}

    assert asyncio.run(run()) == {"gone.test"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_servers_address(text: str, expected: tuple[str, int]) -> None:
    server = DnsServer(text)
    assert (server.address, server.port) == expected


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "[2001:db8::1]x"])
def test_a_wrong_servers_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        DnsServer(text)
