"""The two lists that come out: `clean.csv` to mail, and `findings.csv` with everything that was found."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from cli.check_list.table import Layout
from warmlane.recipients.verdict import Kind, Reason, Verdict

CLEAN, FINDINGS, REPORT, CHECKPOINT = "clean.csv", "findings.csv", "report.html", "checkpoint.json"
ADDED = (
    "warmlane_line",
    "warmlane_verdict",
    "warmlane_reason",
    "warmlane_status",
    "warmlane_text",
    "warmlane_suggestion",
)
PRIVATE = 0o600
"""The files hold people's addresses."""

Judged = tuple[int, list[str], Verdict]
"""A row's line, its cells and its verdict."""


class Outputs:
    """Both lists, open at their ends. `sizes` are their octets at a checkpoint; what lies behind is cut off."""

    def __init__(self, directory: Path, laid: Layout, sizes: dict[str, int] | None) -> None:
        self._laid = laid
        self._clean = _opened(directory / CLEAN, (sizes or {}).get(CLEAN, 0))
        self._findings = _opened(directory / FINDINGS, (sizes or {}).get(FINDINGS, 0))
        if not sizes:
            header = laid.header or tuple(f"column_{number}" for number in range(1, laid.width + 1))
            # A list without header gets none in clean.csv: whoever reads it reads it as before.
            self._write(self._clean, [laid.header] if laid.header else [])
            self._write(self._findings, [(*header, *ADDED)])

    def add(self, judged: Sequence[Judged]) -> None:
        """Appends rows: accepted ones to the clean list, whatever has a finding to the findings."""
        self._write(self._clean, [cells for _, cells, verdict in judged if verdict.kind is Kind.ACCEPT])
        self._write(
            self._findings,
            [
                (*cells, line, found.kind, found.reason, found.status, found.text, found.suggestion)
                for line, cells, found in judged
                if found.reason is not Reason.VALID
            ],
        )

    def on_disk(self) -> dict[str, int]:
        """Makes what was added durable; the octets of each list."""
        for file in (self._clean, self._findings):
            file.flush()
            os.fsync(file.fileno())
        return {CLEAN: self._clean.tell(), FINDINGS: self._findings.tell()}

    def close(self) -> None:
        """Closes both."""
        self._clean.close()
        self._findings.close()

    def _write(self, file: IO[bytes], rows: Sequence[Sequence[object]]) -> None:
        text = io.StringIO()
        csv.writer(text, delimiter=self._laid.delimiter, lineterminator="\n").writerows(rows)
        file.write(text.getvalue().encode())


def present(directory: Path, sizes: dict[str, int]) -> bool:
    """Whether both lists hold at least what a checkpoint says."""
    return all(
        (directory / name).is_file() and (directory / name).stat().st_size >= sizes.get(name, 0)
        for name in (CLEAN, FINDINGS)
    )


def _opened(path: Path, size: int) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE), "r+b")
    file.truncate(size)
    file.seek(size)
    return file
