"""`warmlane suppress add|import|list`: who may not be mailed, by an environment or by one of its campaigns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.check_list.table import batches, layout
from cli.cluster import Cluster
from cli.invocation import Invocation, committed, engine_of
from cli.options import ColumnOption, EnvironmentOption, RecipientsFile
from cli.outcome import Code, ConfigRefused, Misused, WorldFailed
from cli.output import Output
from cli.stacks import selected
from warmlane import names
from warmlane.errors import ConfigError
from warmlane.recipients.suppression import NEVER_EXPIRES, Kind

app = typer.Typer(help="Recipients who may not be mailed.", no_args_is_help=True)

STORE = f"deployment/{names.STORE}"
KEEPER = "keeper"
SCRIPT = "from services.store.suppressing import main; main()"
ROWS_AT_ONCE = 5_000
"""Addresses in one request to the store."""
DAY = 86_400
COLUMNS = ("scope", "kind", "key", "recipients")

KindOption = Annotated[Kind, typer.Option("--kind", help="Why. Complaints and unsubscribes never expire.")]
CampaignOption = Annotated[
    str | None, typer.Option("--campaign", "-c", help="For this campaign alone; without it for the whole organisation.")
]
DaysOption = Annotated[int | None, typer.Option("--days", min=1, help="For so many days; without it for ever.")]


@app.command()
def add(
    context: typer.Context,
    addresses: Annotated[list[str], typer.Argument(help="Addresses, in any spelling.", show_default=False)],
    environment: EnvironmentOption = "dev",
    kind: KindOption = Kind.MANUAL,
    campaign: CampaignOption = None,
    days: DaysOption = None,
) -> None:
    """Stops mail to addresses at once, also mail that waits already."""
    store = Store(context.obj, environment, kind, campaign, days)
    stored, refused = store.add(addresses)
    for position, why in refused:
        store.output.note(f"not stored: address {position + 1} ({addresses[position]}): {why}")
    store.end("suppress add", stored, [{"address": addresses[position], "why": why} for position, why in refused])


@app.command(name="import")
def import_(
    context: typer.Context,
    file: RecipientsFile,
    column: ColumnOption = None,
    environment: EnvironmentOption = "dev",
    kind: KindOption = Kind.MANUAL,
    campaign: CampaignOption = None,
    days: DaysOption = None,
) -> None:
    """Stops mail to every address of a list, such as another provider's suppression list. It may be run again."""
    store = Store(context.obj, environment, kind, campaign, days)
    stored, refused = 0, list[dict[str, Any]]()
    try:
        for addresses, lines in _rows(file, column):
            done, bad = store.add(addresses)
            stored += done
            refused += [{"line": lines[position], "why": why} for position, why in bad]
            store.output.note(f"{stored:,} addresses are stored, up to line {lines[-1]:,}")
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    for row in refused:
        store.output.note(f"not stored: {file.name}, line {row['line']}: {row['why']}")
    store.end("suppress import", stored, refused)


@app.command(name="list")
def list_(context: typer.Context, environment: EnvironmentOption = "dev") -> None:
    """How many are suppressed, by scope, reason and key. The store has no addresses that could be listed."""
    store = Store(context.obj, environment)
    found = store.ask({"do": "list"})["tallies"]
    rows = [(row["campaign"] or "organisation", row["kind"], row["key_id"], f"{row['count']:,}") for row in found]
    store.output.table(f"Suppressions of {environment}", COLUMNS, rows)
    store.output.document("suppress list", Code.FINE, environment=environment, suppressions=found)


class Store:
    """The keeper beside an environment's store, which hashes addresses and stores the hashes."""

    def __init__(
        self,
        invocation: Invocation,
        environment: str,
        kind: Kind = Kind.MANUAL,
        campaign: str | None = None,
        days: int | None = None,
    ) -> None:
        """Raises Misused for a campaign that does not exist, and for a complaint or an unsubscribe with an end."""
        if days is not None and kind in NEVER_EXPIRES:
            raise Misused(f"A suppression by {kind.value} never expires.", "Leave --days out.")
        selected(invocation.repository, environment, [campaign] if campaign else (), False)
        loaded = committed(invocation.repository, environment)
        self.output: Output = invocation.output
        self._cluster = Cluster(loaded.cluster.context, engine_of(invocation, loaded, environment).variables)
        self._entry = {
            "do": "add",
            "kind": kind.value,
            "campaign": campaign or "",
            "expires": int(time.time()) + days * DAY if days else None,
        }

    def ask(self, request: dict[str, Any]) -> Any:
        """The keeper's answer. Raises WorldFailed."""
        answer = self._cluster.python(names.PLATFORM_NAMESPACE, STORE, SCRIPT, request, container=KEEPER)
        if "error" in answer:
            raise WorldFailed(
                f"The store did not take it: {answer['error']}",
                f"`kubectl -n {names.PLATFORM_NAMESPACE} logs {STORE} -c {KEEPER}` says whether the store is in order; "
                "then run the command again: what is stored already is stored once.",
            )
        return answer

    def add(self, addresses: Sequence[str]) -> tuple[int, list[tuple[int, str]]]:
        """Stores addresses: how many, and position and reason of those that are none. Raises WorldFailed."""
        answer = self.ask({**self._entry, "addresses": list(addresses)})
        return answer["stored"], [(row["position"], row["why"]) for row in answer["refused"]]

    def end(self, command: str, stored: int, refused: Sequence[dict[str, Any]]) -> None:
        """Says what came of it, and ends with 1 when something was refused."""
        code = Code.REFUSED if refused else Code.FINE
        scope = self._entry["campaign"] or "the whole organisation"
        self.output.note(f"{stored:,} suppressed for {scope}, {len(refused):,} refused")
        self.output.document(command, code, stored=stored, refused=list(refused), scope=scope)
        raise typer.Exit(code)


def _rows(file: Path, column: str | None) -> Iterator[tuple[list[str], list[int]]]:
    """The addresses of a list in batches, each with its line. Raises ConfigError."""
    laid = layout(file, column)
    with file.open("rb") as source:
        for batch in batches(file, source, laid, ROWS_AT_ONCE):
            if batch.rows:
                yield [row[laid.column].strip() for row in batch.rows], batch.lines
