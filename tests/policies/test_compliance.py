"""The compliance page is what the rules and the table say, and names only what is there."""

from __future__ import annotations

from policies import compliance
from policies.committed import REPOSITORY
from policies.frameworks import ITEMS


def test_the_page_is_fresh() -> None:
    written = (REPOSITORY / compliance.DOCUMENT).read_text()
    assert written == compliance.page(), "run `python -m policies.compliance`"


def test_every_item_has_a_row() -> None:
    rows = [line.split(" | ")[0].removeprefix("| ") for line in compliance.page().splitlines()]
    for item in {item for items in ITEMS.values() for item in items}:
        assert item.item in rows


def test_what_answers_without_a_rule_is_there_and_proven() -> None:
    for one in compliance.WITHOUT_RULE:
        if one.answer == compliance.NOT_YET:
            assert not one.proof, f"{one.item}: what is not built has no proof"
        else:
            assert (REPOSITORY / one.answer).is_file() and (REPOSITORY / one.proof).is_file(), one.item
