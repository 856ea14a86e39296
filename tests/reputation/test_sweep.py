"""The exporter against a real DNS server: each kind of answer gives its verdict, and none a false listing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.reputation.figures import Figures
from services.reputation.metrics import ReputationCollector
from services.reputation.mounts import Keys
from services.reputation.records import DnsRecords
from services.reputation.sweep import GIVE_UP, Sweeps
from tests.domain.recipients.dns_server import SERVFAIL, SILENCE, Says, Zone, a, serving
from warmlane.recipients.resolver import DnsLookup
from warmlane.reputation.answers import State
from warmlane.reputation.config import Reputation, Watched, WatchedLane
from warmlane.reputation.published import Agreement, Published

ZEN, DBL, ZRD = "zen.lists.test", "dbl.lists.test", "zrd.lists.test"
ADDRESS, DOMAIN = "192.0.2.9", "news.example.com"
ASKED = f"9.2.0.192.{ZEN}"
Answers = dict[str, Mapping[str, Says | None]]
POINTS: Answers = {
    f"2.0.0.127.{ZEN}": {"A": a(f"2.0.0.127.{ZEN}", "127.0.0.2", 60)},
    f"dbltest.com.{DBL}": {"A": a(f"dbltest.com.{DBL}", "127.0.1.2", 60)},
    f"test.{ZRD}": {"A": a(f"test.{ZRD}", "127.0.2.2", 60)},
}


def watched(lanes: int = 1, **ask: object) -> Watched:
    zones = {"spamhaus-zen": ZEN, "spamhaus-dbl": DBL, "spamhaus-zrd": ZRD}
    options = {"zones": list(zones), "suffixes": zones} | ask
    return Watched(
        lanes={
            f"lane{index}": WatchedLane.model_validate(
                {"address": f"192.0.2.{9 + index}", "hostname": "amber.example.net", "campaign": f"c{index}"}
            )
            for index in range(lanes)
        },
        domains={"c0": DOMAIN},
        ask=Reputation.model_validate(options),
    )


class Run:
    """Sweeps fifteen minutes apart, and what came of them."""

    def __init__(self, answers: Answers, config: Watched, keys: Keys | None = None, sweeps: int = 2) -> None:
        self.config = config
        self.server: Zone
        asyncio.run(self._run(answers, keys or Keys(), sweeps))

    async def _run(self, answers: Answers, keys: Keys, sweeps: int) -> None:
        self.now = 1_000_000.0
        async with serving(answers) as (self.server, address):
            lookup = DnsLookup([address], lifetime=0.3, timeout=0.3)
            self.sweeps = Sweeps(lookup, lambda: self.now)
            self.records = DnsRecords(lookup, lambda: self.now)
            for _ in range(sweeps):
                await self.sweeps.sweep(self.config, keys)
                self.now += 900
            await self.records.look(self.config)

    def page(self) -> str:
        registry = CollectorRegistry()
        registry.register(ReputationCollector(self.config, self.sweeps, self.records, Figures()))
        return generate_latest(registry).decode()

    def values(self, metric: str, *parts: str) -> list[str]:
        lines = [line for line in self.page().splitlines() if line.startswith(f"reputation_{metric}{{")]
        return [line for line in lines if all(part in line for part in parts)]


@pytest.mark.parametrize(
    ("says", "state", "lists"),
    [
        (a(ASKED, "127.0.0.2", 60), State.LISTED, ["sbl"]),
        (a(ASKED, "127.0.0.10", 60), State.LISTED, ["pbl"]),
        (None, State.CLEAN, []),
        (SERVFAIL, State.UNKNOWN, []),
        (a(ASKED, "127.255.255.252", 60), State.UNKNOWN, []),
        (a(ASKED, "127.255.255.254", 60), State.UNKNOWN, []),
        (a(ASKED, "127.255.255.255", 60), State.UNKNOWN, []),
        (a(ASKED, "127.0.1.255", 60), State.UNKNOWN, []),
        (a(ASKED, "203.0.113.80", 60), State.BROKEN, []),
    ],
    ids=["listed", "pbl", "clean", "servfail", "typo", "public", "excess", "address-in-dbl", "web-server"],
)
def test_an_answer_gives_its_verdict(says: Says | None, state: State, lists: list[str]) -> None:
    run = Run(POINTS | ({ASKED: {"A": says}} if says else {}), watched(zones=["spamhaus-zen"]))
    standing = run.sweeps.standings["spamhaus-zen"][ADDRESS]
    assert (standing.state, sorted(entry.name for entry in standing.confirmed)) == (state, lists)
    operator = run.values("operator_listed", 'operator="spamhaus"', ADDRESS)
    known = {State.CLEAN: ["0.0"], State.LISTED: ["1.0" if lists == ["sbl"] else "0.0"]}.get(state, [])
    assert [line.split()[-1] for line in operator] == known, "an unknown answer has no value"


def test_a_timeout_is_unknown() -> None:
    run = Run(POINTS | {ASKED: {"A": SILENCE}}, watched(zones=["spamhaus-zen"]))
    assert run.sweeps.standings["spamhaus-zen"][ADDRESS].state is State.UNKNOWN
    assert not run.values("operator_listed", ADDRESS)


@pytest.mark.parametrize(
    ("points", "state"),
    [
        ({f"1.0.0.127.{ZEN}": {"A": a(f"1.0.0.127.{ZEN}", "127.0.0.2", 60)}}, State.BROKEN),
        ({f"2.0.0.127.{ZEN}": {}}, State.BROKEN),
        ({f"2.0.0.127.{ZEN}": {"A": SERVFAIL}}, State.UNKNOWN),
        ({f"2.0.0.127.{ZEN}": {"A": a(f"2.0.0.127.{ZEN}", "127.255.255.254", 60)}}, State.UNKNOWN),
        ({f"1.0.0.127.{ZEN}": {"A": a(f"1.0.0.127.{ZEN}", "203.0.113.80", 60)}}, State.BROKEN),
    ],
    ids=["lists-everything", "dead", "silent", "refused", "sold"],
)
def test_a_zone_whose_test_points_fail_lists_nobody(points: Answers, state: State) -> None:
    run = Run(POINTS | {ASKED: {"A": a(ASKED, "127.0.0.2", 60)}} | points, watched(zones=["spamhaus-zen"]))
    assert run.sweeps.zones["spamhaus-zen"].state is state
    assert run.sweeps.standings["spamhaus-zen"][ADDRESS].state is state
    assert (ASKED, "A") not in run.server.asked, "what could not be believed need not be asked"
    assert not run.values("listing", ADDRESS)


def test_a_domain_three_hours_old_is_a_finding_before_the_first_message() -> None:
    run = Run(POINTS | {f"{DOMAIN}.{ZRD}": {"A": a(f"{DOMAIN}.{ZRD}", "127.0.2.3", 60)}}, watched())
    assert run.values("listing", 'list="newly-seen"', 'means="preflight"', DOMAIN)
    assert [line.split()[-1] for line in run.values("listing_points", DOMAIN)] == ["0.0"]


def test_the_key_is_asked_with_and_shown_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    key = "abcdefghijklmnopqrstuvwxyz"
    run = Run({}, watched(zones=["spamhaus-zen"], suffixes={}), Keys({"spamhaus": key}), sweeps=1)
    assert any(f".{key}.zen.dq.spamhaus.net" in name for name, _ in run.server.asked)
    standing = run.sweeps.standings["spamhaus-zen"][ADDRESS]
    assert key not in run.page() + repr(standing) + repr(Keys({"spamhaus": key})) + str(capsys.readouterr())


def test_without_its_key_a_zone_is_not_asked() -> None:
    run = Run({}, watched(zones=["spamhaus-zen"], suffixes={}), sweeps=1)
    assert run.sweeps.zones["spamhaus-zen"].state is State.UNKNOWN and not run.sweeps.asked


def test_the_budget_holds_and_the_oldest_answers_are_renewed_first() -> None:
    run = Run(POINTS, watched(20, zones=["spamhaus-zen"], queries_per_day=1_000), sweeps=3)
    assert run.sweeps.asked["spamhaus-zen"] == 30, "1,000 a day are ten a sweep, two of them for the test points"
    answered = [standing.answered for standing in run.sweeps.standings["spamhaus-zen"].values()]
    assert None not in answered, "three sweeps of eight reach all twenty"


def test_a_zone_that_falls_silent_is_left_alone() -> None:
    names = [f"{9 + index}.2.0.192.{ZEN}" for index in range(40)]
    run = Run(POINTS | {name: {"A": SERVFAIL} for name in names}, watched(40, zones=["spamhaus-zen"]), sweeps=1)
    assert run.sweeps.asked["spamhaus-zen"] <= 2 + GIVE_UP + 4, "those on their way, and no more"


def test_two_lanes_have_values_of_their_own() -> None:
    run = Run(POINTS | {ASKED: {"A": a(ASKED, "127.0.0.3", 60)}}, watched(2, zones=["spamhaus-zen"]))
    assert [line.split()[-1] for line in run.values("operator_listed", 'lane="lane0"')] == ["1.0"]
    assert [line.split()[-1] for line in run.values("operator_listed", 'lane="lane1"')] == ["0.0"]


def txt(name: str, *values: str) -> Mapping[str, Says | None]:
    return {"TXT": Says(tuple((f"{name}.", 60, "TXT", f'"{value}"') for value in values))}


def test_dns_of_a_lane_and_a_domain_is_looked_at() -> None:
    pointer = "9.2.0.192.in-addr.arpa"
    answers: Answers = {
        pointer: {"PTR": Says(((f"{pointer}.", 60, "PTR", "amber.example.net."),))},
        "amber.example.net": {"A": a("amber.example.net", ADDRESS)},
        DOMAIN: txt(DOMAIN, "v=spf1 a:amber.example.net -all", "another record"),
        "_dmarc.example.com": txt("_dmarc.example.com", "v=DMARC1; p=none"),
        f"s1._domainkey.{DOMAIN}": txt(f"s1._domainkey.{DOMAIN}", "v=DKIM1; k=rsa; p="),
    }
    run = Run(answers, watched(2, zones=[], suffixes={}, dkim_selectors=["s1"]), sweeps=0)
    assert run.records.lanes == {"lane0": Agreement.AGREES, "lane1": Agreement.WRONG}
    found = run.records.domains[DOMAIN]
    assert found == {"spf": Published.PRESENT, "dmarc": Published.PRESENT, "dkim": Published.INVALID}
    twice = Run({DOMAIN: txt(DOMAIN, "v=spf1 -all", "v=spf1 ~all")}, watched(zones=[], suffixes={}), sweeps=0)
    assert twice.records.domains[DOMAIN] == {"spf": Published.INVALID, "dmarc": Published.MISSING}
    silent = Run({DOMAIN: {"TXT": SERVFAIL}, pointer: {"PTR": SERVFAIL}}, watched(zones=[], suffixes={}), sweeps=0)
    assert silent.records.lanes["lane0"] is Agreement.UNKNOWN
    assert silent.records.domains[DOMAIN]["spf"] is Published.UNKNOWN
