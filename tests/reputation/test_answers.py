"""What a blocklist's answer is taken for: a listing only where it can be nothing else."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.recipients.route import Asked, Records
from warmlane.reputation.answers import ANSWERS, ERRORS, REFUSALS, Answer, State, health, judge, under
from warmlane.reputation.zones import KEY, Kind, Means, Weight, zones

ZEN, DBL, ZRD = (zones()[f"spamhaus-{name}"] for name in ("zen", "dbl", "zrd"))
CLEAN = Answer(State.CLEAN)


def found(*values: str) -> Records:
    return Records(Asked.FOUND, 60, values)


@pytest.mark.parametrize(
    ("zone", "answer", "name", "means"),
    [
        (ZEN, "127.0.0.2", "sbl", Means.SPAM),
        (ZEN, "127.0.0.3", "css", Means.SPAM),
        (ZEN, "127.0.0.4", "xbl", Means.SPAM),
        (ZEN, "127.0.0.9", "drop", Means.SPAM),
        (ZEN, "127.0.0.10", "pbl", Means.PREFLIGHT),
        (ZEN, "127.0.0.11", "pbl", Means.PREFLIGHT),
        (ZEN, "127.0.0.30", "bcl", Means.ADVISORY),
        (ZEN, "127.0.0.77", "other", Means.ADVISORY),
        (DBL, "127.0.1.2", "dbl-spam", Means.SPAM),
        (DBL, "127.0.1.104", "dbl-abused", Means.ADVISORY),
        (ZRD, "127.0.2.3", "newly-seen", Means.PREFLIGHT),
        (ZRD, "127.0.2.25", "other", Means.ADVISORY),
    ],
)
def test_a_code_has_its_verdict(zone: object, answer: str, name: str, means: Means) -> None:
    judged = judge(zone, found(answer))  # type: ignore[arg-type]
    assert judged.state is State.LISTED
    assert [(entry.name, entry.means) for entry in judged.entries] == [(name, means)]


def test_bits_of_one_answer_name_several_lists() -> None:
    judged = judge(zones()["surbl"], found("127.0.0.80"))
    assert {entry.name for entry in judged.entries} == {"malware", "abuse"}


@pytest.mark.parametrize("error", ["127.255.255.252", "127.255.255.254", "127.255.255.255", "127.0.1.255", "127.0.0.1"])
@pytest.mark.parametrize("zone", zones().values(), ids=zones())
def test_a_refusal_is_no_listing(zone: object, error: str) -> None:
    for answer in (found(error), found("127.0.0.2", error)):
        judged = judge(zone, answer)  # type: ignore[arg-type]
        assert judged.state is State.UNKNOWN and error in judged.why, "the person has to see which refusal it was"


@given(st.ip_addresses(v=4), st.sampled_from(sorted(zones())))
def test_only_answers_of_a_blocklist_list(address: IPv4Address, name: str) -> None:
    state = judge(zones()[name], found(str(address))).state
    if address not in ANSWERS:
        assert state is State.BROKEN, "a zone that was sold answers with a web server's address"
    elif address in ERRORS or address in REFUSALS:
        assert state is State.UNKNOWN
    else:
        assert state is State.LISTED


@given(st.text(max_size=20))
def test_nonsense_in_an_answer_breaks_the_zone_and_nothing_else(text: str) -> None:
    assert judge(ZEN, found(text)).state in (State.BROKEN, State.LISTED, State.UNKNOWN)


@pytest.mark.parametrize(("asked", "state"), [(Asked.NO_NAME, State.CLEAN), (Asked.NO_DATA, State.CLEAN)])
def test_no_is_clean(asked: Asked, state: State) -> None:
    assert judge(ZEN, Records(asked, 60)).state is state


def test_silence_is_unknown() -> None:
    assert judge(ZEN, Records(Asked.UNKNOWN, 0, why="no answer in time.")) == Answer(
        State.UNKNOWN, why="no answer in time."
    )


LISTED = judge(ZEN, found("127.0.0.2"))
SILENT = Answer(State.UNKNOWN, why="no answer in time.")


@pytest.mark.parametrize(
    ("at_listed", "at_clean", "state"),
    [
        (LISTED, CLEAN, State.CLEAN),
        (LISTED, LISTED, State.BROKEN),
        (CLEAN, CLEAN, State.BROKEN),
        (SILENT, CLEAN, State.UNKNOWN),
        (LISTED, SILENT, State.UNKNOWN),
        (SILENT, LISTED, State.BROKEN),
        (Answer(State.BROKEN), CLEAN, State.BROKEN),
    ],
)
def test_a_zone_is_believed_only_with_both_of_its_test_points(
    at_listed: Answer, at_clean: Answer, state: State
) -> None:
    zone = health(at_listed, at_clean)
    assert zone.state is state
    for answer in (LISTED, CLEAN):
        assert under(zone, answer).state is (answer.state if state is State.CLEAN else state)


def test_the_table_is_whole() -> None:
    table = zones()
    for name, zone in table.items():
        assert judge(zone, found("127.0.0.2")).state is State.LISTED, name
        assert zone.question(zone.listed, "k" * 26) != zone.question(zone.clean, "k" * 26)
        if zone.kind is Kind.ADDRESS:
            assert (zone.listed, zone.clean) == ("127.0.0.2", "127.0.0.1"), f"{name}: RFC 5782 5 names them"
    spamhaus = [zone for zone in table.values() if zone.operator == "spamhaus"]
    assert all(zone.needs_key for zone in spamhaus), "its public mirror is not for commercial senders"
    critical = {zone.operator for zone in table.values() if zone.weight is Weight.CRITICAL}
    assert critical == {"spamhaus"}, "the only operator whose word alone receivers everywhere follow"


def test_an_address_is_asked_backwards_and_a_key_stands_where_the_operator_wants_it() -> None:
    assert ZEN.question("192.0.2.9", "secret") == "9.2.0.192.secret.zen.dq.spamhaus.net"
    assert DBL.question("mail.example.com", "secret") == "mail.example.com.secret.dbl.dq.spamhaus.net"
    assert ZEN.question("192.0.2.9", suffix="zen.lists.test") == "9.2.0.192.zen.lists.test"
    with pytest.raises(ValueError, match="holders of a key") as refused:
        ZEN.question("192.0.2.9")
    assert KEY not in str(refused.value)
