"""A CSV file of recipients: how it is laid out, and its rows in batches that know where they end."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, NoReturn

from warmlane.errors import ConfigError, Problem

DELIMITERS = ",;\t|"
SAMPLE_LINES = 100
LINE_LENGTH = 1_000_000
"""Octets of a line; more is a file without line ends, and would be read into memory whole."""
RECIPIENT_NAMES = frozenset(
    {
        "email",
        "emailaddress",
        "emailid",
        "mail",
        "mailaddress",
        "recipient",
        "useremail",
        "contactemail",
        "emailadresse",
    }
)
"""Column names, in lower case without blanks, hyphens and underscores."""
FORMAT = (
    "CSV in UTF-8 with one record a line, fields between commas, semicolons, tabs or bars, quotes doubled in quotes"
)


@dataclass(frozen=True)
class Layout:
    """How a file is laid out; `header` is empty when its first line is a record. `column` counts from 0."""

    delimiter: str
    header: tuple[str, ...]
    column: int
    width: int


@dataclass
class Batch:
    """Records that follow each other, the line that each begins in, and the octets and lines read before and after."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0
    end_line: int = 0


def refuse(path: Path, line: int, value: str, allowed: str) -> NoReturn:
    """Raises ConfigError for a line."""
    raise ConfigError(str(path), [Problem(f"line {line}", value, allowed)]) from None


class Lines:
    """The decoded lines of a file from an offset on, with the octets and lines that were taken. Raises ConfigError."""

    def __init__(self, path: Path, source: IO[bytes], offset: int = 0, line: int = 0) -> None:
        self.path, self.source, self.offset, self.line = path, source, offset, line
        source.seek(offset)

    def __iter__(self) -> Iterator[str]:
        while raw := self.source.readline(LINE_LENGTH + 1):
            first = self.offset == 0
            self.offset += len(raw)
            self.line += 1
            if len(raw) > LINE_LENGTH:
                refuse(self.path, self.line, repr(raw[:80]), f"a line has at most {LINE_LENGTH:,} octets; {FORMAT}")
            try:
                yield raw.decode("utf-8-sig" if first else "utf-8")
            except UnicodeDecodeError as error:
                shown = repr(raw[max(error.start - 20, 0) : error.end + 20])
                refuse(
                    self.path, self.line, shown, f"{FORMAT}; `iconv -f WINDOWS-1252 -t UTF-8` converts the usual other"
                )


def records(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not empty, each with the line that it begins in. Raises ConfigError."""
    begin = lines.line + 1
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if cells:
                yield begin, cells
            begin = lines.line + 1
    except csv.Error as error:
        refuse(lines.path, begin, f"({error})", FORMAT)


def layout(path: Path, column: str | None) -> Layout:
    """The layout of a file; `column` is a name or a number from 1. Raises ConfigError."""
    with path.open("rb") as source:
        sample = list(islice(Lines(path, source), SAMPLE_LINES))
    if not any(line.strip() for line in sample):
        refuse(path, 1, "", f"the file is empty: {FORMAT}")
    delimiter = max(DELIMITERS, key=lambda one: _columns(sample, one))
    with path.open("rb") as source:
        rows = [cells for _, cells in islice(records(Lines(path, source), delimiter), SAMPLE_LINES)]
    first = rows[0]
    header = () if any("@" in cell for cell in first) else tuple(cell.strip() for cell in first)
    names = header or tuple(str(number) for number in range(1, len(first) + 1))
    index = _given(path, names, column) if column else _found(path, names, rows[1:] if header else rows)
    return Layout(delimiter, header, index, len(first))


def batches(path: Path, source: IO[bytes], laid: Layout, size: int, offset: int = 0, line: int = 0) -> Iterator[Batch]:
    """Batches of at most `size` records from an offset on, the header left out. Raises ConfigError."""
    lines, batch = Lines(path, source, offset, line), Batch(start=offset)
    reader = records(lines, laid.delimiter)
    if laid.header and offset == 0:
        next(reader, None)
    for begin, cells in reader:
        if len(cells) != laid.width:
            refuse(
                path,
                begin,
                laid.delimiter.join(cells),
                f"each record has {laid.width} fields as the first, not {len(cells)}",
            )
        batch.rows.append(cells)
        batch.lines.append(begin)
        if len(batch.rows) == size:
            batch.end, batch.end_line = lines.offset, lines.line
            yield batch
            batch = Batch(start=lines.offset)
    batch.end, batch.end_line = lines.offset, lines.line
    yield batch


def _columns(sample: Iterable[str], delimiter: str) -> int:
    """Number of columns that a delimiter makes of the first lines; 1 when they do not agree."""
    try:
        widths = {len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells}
    except csv.Error:
        return 1
    return widths.pop() if len(widths) == 1 else 1


def _given(path: Path, names: tuple[str, ...], column: str) -> int:
    if column in names:
        return names.index(column)
    if column.isdecimal() and 1 <= int(column) <= len(names):
        return int(column) - 1
    raise ConfigError(
        str(path), [Problem("--column", column, f"the columns are {', '.join(names)}, or 1 to {len(names)}")]
    )


def _found(path: Path, names: tuple[str, ...], rows: list[list[str]]) -> int:
    """The column that is named like addresses, or else the only one that holds them."""
    named = [index for index, name in enumerate(names) if _plain(name) in RECIPIENT_NAMES]
    if len(named) == 1:
        return named[0]
    if len(names) == 1:
        return 0
    counts = [sum("@" in cells[index] for cells in rows if len(cells) > index) for index in range(len(names))]
    holding = [index for index, count in enumerate(counts) if count > len(rows) / 2]
    if len(holding) == 1:
        return holding[0]
    many = f"{len(holding)} columns hold" if holding else "no column is named like or holds"
    allowed = f"{many} e-mail addresses: choose one of {', '.join(names)} with --column"
    raise ConfigError(str(path), [Problem("line 1", ", ".join(names), allowed)])


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("", "", " -_"))
