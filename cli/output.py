"""What a command prints: lines, tables and a progress bar for people, or one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.events import Record
from cli.outcome import Code, ConfigRefused, Stop


class Output:
    """Standard output is for the result, standard error for what happens on the way.

    With `as_json` standard output gets one document at the end and nothing else.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.result = Console(highlight=False, soft_wrap=True)
        self.side = Console(stderr=True, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """One line about what happens."""
        (self.side if self.as_json else self.result).print(escape(text))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people; JSON has the same facts in the document."""
        if self.as_json:
            return
        table = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        # A pipe has no width; a table that is folded to 80 characters there can't be read.
        console = self.result if self.result.is_terminal else Console(highlight=False, width=160)
        console.print(table)

    def document(self, command: str, code: Code, **facts: Any) -> None:
        """The one JSON document."""
        if self.as_json:
            content = {"command": command, "exit_code": int(code), "result": code.name.lower(), **facts}
            sys.stdout.write(json.dumps(content, indent=2, default=str) + "\n")

    def stopped(self, command: str, stop: Stop) -> None:
        """Why a command ended early, and what to do next."""
        if self.as_json:
            problems = [
                {"file": error.file, "key": problem.key, "value": problem.value, "allowed": problem.allowed}
                for error in (stop.errors if isinstance(stop, ConfigRefused) else [])
                for problem in error.problems
            ]
            self.document(command, stop.code, error=stop.what, advice=stop.advice, problems=problems)
            return
        self.side.print(escape(stop.what), style="red")
        self.side.print(escape(stop.advice))

    @contextmanager
    def progress(self) -> Iterator[Bars]:
        """Progress bars on standard error, one for each stack; none where there is no terminal."""
        columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.side, disable=not self.side.is_terminal, transient=True) as progress:
            yield Bars(progress)


class Bars:
    """The bars of stacks that run beside each other."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks = dict[str, TaskID]()

    def begin(self, stack: str, resources: int) -> None:
        """A stack begins; `resources` is what its state holds, the best guess until its preview has counted."""
        self._tasks[stack] = self._progress.add_task(f"{stack}  preview", total=resources or None)

    def show(self, stack: str, record: Record, verb: str) -> None:
        """Moves a stack's bar to where the engine is."""
        phase = verb if record.previewed else "preview"
        task = self._tasks[stack]
        if record.previewed and record.planned:
            self._progress.update(task, total=record.planned)
        self._progress.update(task, description=f"{stack}  {phase}", completed=record.done)


SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-", "import": "^", "same": "="}
"""By operation, how it is shown. Parts of a replacement are counted by `replace`."""


def counts(changes: Mapping[str, int]) -> str:
    """Resources by operation, such as `+12 ~1 =3`."""
    parts = [f"{sign}{changes[operation]}" for operation, sign in SIGNS.items() if changes.get(operation)]
    return " ".join(parts) or "nothing"
