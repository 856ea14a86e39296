"""Refused configuration: everything that is wrong with one file, at once."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_LENGTH = 100
"""Characters of a refused value that are shown; longer ones are cut, for a log line must stay readable."""


@dataclass(frozen=True)
class Problem:
    """One wrong place in a file.

    `key` is the dotted path below the file's own key (`lanes.amber.started`; empty for the whole document), `value`
    what stands there (empty when nothing does) and `allowed` a clause that says what would be right.
    """

    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        place = self.key or "the document"
        if not self.value:
            return f"{place}: is missing; {self.allowed}"
        value = (
            self.value
            if len(self.value) <= SHOWN_LENGTH
            else f"{self.value[:SHOWN_LENGTH]}… ({len(self.value)} characters)"
        )
        return f"{place}: value {value} is not allowed: {self.allowed}"


class ConfigError(Exception):
    """A configuration file that can't be used; `str()` is the file's name and one line for each problem."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__(file, problems)

    def __str__(self) -> str:
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return "\n".join([f"{self.file}: {count}", *(f"  {problem}" for problem in self.problems)])
