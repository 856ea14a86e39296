"""How a CSV of recipients is read: layout, rows from any place on, and a bad line named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.check_list.table import Layout, batches, layout
from warmlane.errors import ConfigError

CELLS = st.text(st.sampled_from("aä@., ;\"'\n\r\t|x1"), max_size=8)


def laid(tmp_path: Path, text: str, column: str | None = None) -> Layout:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode())
    return layout(file, column)


@pytest.mark.parametrize(
    ("text", "delimiter", "column", "headed"),
    [
        ("email\na@b.test\n", ",", 0, True),
        ("a@b.test\nc@d.test\n", ",", 0, False),
        ("id,E-Mail,name\n1,a@b.test,A\n", ",", 1, True),
        ("id;Email Address;name\n1;a@b.test;A, B\n", ";", 1, True),
        ("name\tcontact\nA\ta@b.test\n", "\t", 1, True),
        ("1|a@b.test|x\n2|c@d.test|y\n", "|", 1, False),
        ("\ufeffemail,name\r\na@b.test,A\r\n", ",", 0, True),
        ("email,mail\n,a@b.test\n", ",", 1, True),
    ],
)
def test_layout_is_found(tmp_path: Path, text: str, delimiter: str, column: int, headed: bool) -> None:
    found = laid(tmp_path, text)
    assert (found.delimiter, found.column, bool(found.header)) == (delimiter, column, headed)


def test_a_column_is_chosen_by_name_or_number(tmp_path: Path) -> None:
    text = "work,home\na@b.test,c@d.test\n"
    assert laid(tmp_path, text, "home").column == laid(tmp_path, text, "2").column == 1


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", None, "line 1: is missing; the file is empty"),
        ("\n\n", None, "the file is empty"),
        ("work,home\na@b.test,c@d.test\n", None, "2 columns hold e-mail addresses: choose one of work, home"),
        ("a,b\n1,2\n", None, "no column is named like or holds e-mail addresses"),
        ("email,name\na@b.test,A\n", "mail", "--column: value mail is not allowed: the columns are email, name"),
        ("email,name\na@b.test,A\n", "3", "or 1 to 2"),
    ],
)
def test_a_list_that_can_not_be_read_says_why(tmp_path: Path, text: str, column: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        laid(tmp_path, text, column)
    assert said in str(refused.value) and "list.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"email,name\na@b.test,A\nc@d.test\n", 3, "each record has 2 fields as the first, not 1"),
        (b"email,name\na@b.test,A\nc@d.test,C,x\n", 3, "not 3"),
        (b"email,name\na@b.test,A\n\xe4@d.test,C\n", 3, "iconv"),
        (b'email,name\na@b.test,A\nc@d.test,"C\n', 3, "unexpected end of data"),
        (b'email,name\na@b.test,"A\nB"\nc@d.test,"C"x\n', 4, "expected"),
        (b"email,name\na@b.test,A\n" + b"x" * 1_000_001, 3, "a line has at most 1,000,000 octets"),
    ],
    ids=["too few", "too many", "encoding", "open quote", "after a quote", "no line ends"],
)
def test_a_bad_line_is_named(tmp_path: Path, content: bytes, line: int, said: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused, file.open("rb") as source:
        list(batches(file, source, Layout(",", ("email", "name"), 0, 2), 10))
    assert f"line {line}:" in str(refused.value) and said in str(refused.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.integers(1, 4), st.sampled_from(["\n", "\r\n"]))
def test_rows_are_the_same_from_every_place_on(
    tmp_path: Path, rows: list[tuple[str, str]], size: int, end: str
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    file = tmp_path / "list.csv"
    file.write_bytes(text.getvalue().encode())
    found = Layout(",", (), 0, 2)
    with file.open("rb") as source:
        whole = list(batches(file, source, found, size))
    assert [tuple(cells) for batch in whole for cells in batch.rows] == rows
    for number, batch in enumerate(whole):
        with file.open("rb") as source:
            rest = list(batches(file, source, found, size, batch.end, batch.end_line))
        expected = [one for one in whole[number + 1 :] if one.rows]
        assert [(one.rows, one.lines) for one in rest if one.rows] == [(one.rows, one.lines) for one in expected]
