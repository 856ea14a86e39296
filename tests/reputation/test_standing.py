"""One answer neither lists nor clears, and what acts is a critical list or a quorum."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.reputation.answers import KNOWN, Answer, State
from warmlane.reputation.standing import APART, TOGETHER, Standing
from warmlane.reputation.weighing import Weighed, weigh
from warmlane.reputation.zones import Entry, Means, zones

SWEEP = 900.0
SBL = Entry(name="sbl", means=Means.SPAM)
CSS = Entry(name="css", means=Means.SPAM)
PBL = Entry(name="pbl", means=Means.PREFLIGHT)
BCL = Entry(name="bcl", means=Means.ADVISORY)
CLEAN, SILENT, BROKEN = Answer(State.CLEAN), Answer(State.UNKNOWN, why="no answer."), Answer(State.BROKEN, why="dead.")


def listed(*entries: Entry) -> Answer:
    return Answer(State.LISTED, frozenset(entries))


def after(*answers: Answer, every: float = SWEEP) -> Standing:
    standing = Standing()
    for index, answer in enumerate(answers):
        standing = standing.after(answer, 1_000 + index * every)
    return standing


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        ([listed(SBL)], set()),
        ([listed(SBL), listed(SBL)], {SBL}),
        ([listed(SBL), listed(CSS)], set()),
        ([listed(SBL), listed(SBL, CSS)], {SBL}),
        ([listed(SBL), CLEAN, listed(SBL)], set()),
        ([listed(SBL), SILENT, listed(SBL)], {SBL}),
        ([listed(SBL), BROKEN], set()),
        ([listed(SBL), listed(SBL), CLEAN], {SBL}),
        ([listed(SBL), listed(SBL), SILENT, SILENT], {SBL}),
        ([listed(SBL), listed(SBL), CLEAN, CLEAN], set()),
        ([listed(SBL), listed(SBL), CLEAN, listed(SBL)], {SBL}),
    ],
)
def test_two_answers_list_and_two_clear(answers: list[Answer], confirmed: set[Entry]) -> None:
    assert after(*answers).confirmed == confirmed


def test_a_cached_answer_is_no_second_one() -> None:
    assert not after(listed(SBL), listed(SBL), every=APART / 2).confirmed
    kept = replace(listed(SBL), ttl=2_100)
    assert not after(kept, kept, kept).confirmed, "the resolver may have said it three times by itself"
    assert after(kept, kept, kept, kept).confirmed == {SBL}


def test_an_old_answer_is_not_confirmed_by_a_new_one() -> None:
    assert not after(listed(SBL), listed(SBL), every=TOGETHER + 1).confirmed
    standing = after(listed(SBL), listed(SBL)).after(CLEAN, 1_000_000)
    assert standing.confirmed == {SBL}, "after a long silence one answer does not clear"
    assert not standing.after(CLEAN, 1_000_000 + SWEEP).confirmed


answers = st.one_of(
    st.sampled_from([CLEAN, SILENT, BROKEN]),
    st.sets(st.sampled_from([SBL, CSS, PBL, BCL]), min_size=1).map(lambda entries: listed(*entries)),
)


@given(st.lists(answers, max_size=12), answers)
def test_what_is_established_never_rests_on_one_answer(before: list[Answer], answer: Answer) -> None:
    standing = after(*before)
    following = standing.after(answer, 1_000_000)
    if answer.state in KNOWN:
        later = following.after(answer, 1_000_000 + SWEEP)
        assert later.confirmed == answer.entries, "two equal answers settle it"
    else:
        assert (following.confirmed, following.answered) == (standing.confirmed, standing.answered)
    assert following.confirmed == standing.confirmed, "the first answer after a long silence changes nothing"


@given(st.lists(answers, max_size=12))
def test_a_list_is_confirmed_only_when_two_answers_in_a_row_named_it(given_answers: list[Answer]) -> None:
    known = [answer.entries for answer in given_answers if answer.state in KNOWN]
    pairs = [one & two for one, two in zip(known, known[1:], strict=False)]
    assert after(*given_answers).confirmed <= frozenset().union(*pairs)


def weighed(**answers: list[Answer]) -> Weighed:
    return weigh(zones(), {name.replace("_", "-"): after(*each) for name, each in answers.items()})


def spam(name: str) -> list[Answer]:
    zone = zones()[name]
    entry = next(each for each in (*zone.codes.values(), *zone.bits.values()) if each.means is Means.SPAM)
    return [listed(entry), listed(entry)]


def test_a_critical_list_acts_alone() -> None:
    found = weighed(spamhaus_zen=[listed(SBL), listed(SBL)], spamcop=[CLEAN])
    assert found.acts and found.operators == {"spamhaus": True, "spamcop": False}


def test_another_operator_acts_only_with_a_second_one() -> None:
    assert not weighed(spamcop=spam("spamcop")).acts
    assert weighed(spamcop=spam("spamcop"), barracuda=spam("barracuda")).acts
    assert not weighed(surbl=spam("surbl"), uribl=spam("uribl")).acts


@pytest.mark.parametrize("entry", [PBL, BCL])
def test_policy_and_advice_never_act(entry: Entry) -> None:
    found = weighed(spamhaus_zen=[listed(entry)] * 3)
    assert not found.acts and found.operators == {"spamhaus": False}
    assert found.preflight == ({"pbl"} if entry is PBL else frozenset())


@pytest.mark.parametrize(
    "answers", [[], [SILENT], [BROKEN], [listed(SBL)], [CLEAN, SILENT], [CLEAN, BROKEN], [CLEAN, listed(SBL)]]
)
def test_what_is_not_known_is_not_clean(answers: list[Answer]) -> None:
    assert weighed(spamhaus_zen=answers).operators == {}


def test_two_zones_of_one_operator_are_one_opinion() -> None:
    found = weighed(spamhaus_dbl=spam("spamhaus-dbl"), spamhaus_zrd=[SILENT])
    assert found.operators == {"spamhaus": True} and found.points == 4
    assert weighed(spamhaus_dbl=[CLEAN], spamhaus_zrd=[SILENT]).operators == {}, "half an opinion clears nothing"
