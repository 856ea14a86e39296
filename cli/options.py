"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EnvironmentOption = Annotated[str, typer.Option("--environment", "-e", help="The environment (Pulumi.<name>.yaml).")]
RecipientsFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV of recipients, UTF-8.")
]
ColumnOption = Annotated[
    str | None, typer.Option("--column", help="The column of the addresses: its name, or its number from 1.")
]
