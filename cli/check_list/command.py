"""`warmlane check-list FILE`."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.resolver
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.check_list import checkpoint, outputs, report
from cli.check_list.report import Facts
from cli.check_list.run import Work, run
from cli.check_list.table import layout
from cli.check_list.tally import Tally
from cli.outcome import Code, ConfigRefused, Misused, Refused, WorldFailed
from cli.output import Output
from warmlane.errors import ConfigError
from warmlane.recipients.check import REFUSED
from warmlane.recipients.disposable import list_version
from warmlane.recipients.resolver import DnsLookup, DnsServer
from warmlane.recipients.risk import CANNOT_SEE, Risk, risk
from warmlane.recipients.routes import MailRoutes

NO_SUPPRESSIONS = "Suppressions: the list of stopped recipients is asked by the gate, not here."
NO_DNS = "Domains: DNS was not asked, so dead, parked and null-MX domains count as good."


def check(
    output: Output, source: Path, column: str | None, out: Path | None, servers: list[str], dns_asked: bool
) -> Code:
    """Checks a list and writes what comes out; see `warmlane check-list --help`. Raises Stop."""
    directory = out or source.with_name(f"{source.name}.checked")
    chosen = [_server(text) for text in servers]
    if servers and not dns_asked:
        raise Misused("--dns-server was given with --no-dns.", "Give one of them.")
    try:
        laid = layout(source, column)
        with _alone_in(directory, source):
            settings = {
                "column": laid.column,
                "dns": sorted(servers) if dns_asked else None,
                "refused": sorted(REFUSED),
                "disposable": list_version(),
            }
            tally, before = asyncio.run(
                _checked(output, source, laid, directory, checkpoint.identity(source, settings), chosen, dns_asked)
            )
            unchecked = (NO_SUPPRESSIONS,) if dns_asked else (NO_DNS, NO_SUPPRESSIONS)
            found = risk(tally.reasons())
            _report(directory, Facts(source.name, tally, found, unchecked))
            (directory / outputs.CHECKPOINT).unlink(missing_ok=True)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    except OSError as error:
        raise WorldFailed(
            f"{error.filename or directory}: {error.strerror}.", "Make room or give another --out."
        ) from None
    _tell(output, tally, found, directory, before, unchecked)
    return Code.FINE


async def _checked(
    output: Output, source: Path, laid: Any, directory: Path, identity: Any, servers: list[DnsServer], dns_asked: bool
) -> tuple[Tally, int]:
    try:
        routes = MailRoutes(DnsLookup(servers)) if dns_asked else None
    except dns.resolver.NoResolverConfiguration:
        raise WorldFailed("This machine has no DNS server.", "Give --dns-server, or --no-dns to do without.") from None
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.side, disable=not output.side.is_terminal, transient=True) as progress:
        task = progress.add_task(source.name, total=identity["size"])

        def tell(octets: int, rows: int) -> None:
            progress.update(task, completed=octets, description=f"{source.name}  {rows:,} rows")

        return await run(Work(source, laid, directory, identity, routes), tell)


def _server(text: str) -> DnsServer:
    try:
        return DnsServer(text)
    except ValueError as error:
        raise Misused(
            f"--dns-server {text}: {error}.", "Give an IP address, with a port if it is not 53: 192.0.2.53:5353."
        ) from None


@contextmanager
def _alone_in(directory: Path, source: Path) -> Iterator[None]:
    """The directory of the outputs, made and locked. Raises Refused when another run writes there."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = (outputs.CLEAN, outputs.FINDINGS, outputs.REPORT, outputs.CHECKPOINT)
    if any((directory / name).exists() and (directory / name).samefile(source) for name in names):
        raise Misused(f"{source} would be overwritten by its own result.", "Give another directory with --out.")
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"Another run writes to {directory}.", "Wait for it, or give another --out.") from None
    finally:
        os.close(handle)


def _report(directory: Path, facts: Facts) -> None:
    file = directory / outputs.REPORT
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, outputs.PRIVATE), "w") as target:
        target.write(report.html(facts))


def _tell(output: Output, tally: Tally, found: Risk, directory: Path, before: int, unchecked: tuple[str, ...]) -> None:
    """The result for a person, or as one document."""
    if before:
        output.note(f"Went on after {before:,} rows that an earlier run had checked.")
    ranked = sorted(tally.verdicts.items(), key=lambda one: (-one[1], one[0]))
    rows = [(*key.split("/"), f"{number:,}", f"{number / tally.rows:.2%}") for key, number in ranked]
    output.table(f"{tally.rows:,} recipients", ("verdict", "reason", "rows", "share"), rows)
    worst = (
        f", up to {found.at_worst:.0f} with the domains that DNS did not tell" if found.at_worst > found.score else ""
    )
    output.note(f"Risk of the list as it stands: {found.score:.0f} of 100 ({found.level}){worst}.")
    for sentence in (*unchecked, *CANNOT_SEE):
        output.note(f"Not seen - {sentence}")
    names = (outputs.CLEAN, outputs.FINDINGS, outputs.REPORT)
    output.note(f"Wrote {', '.join(names)} in {directory}.")
    output.document(
        "check-list",
        Code.FINE,
        rows=tally.rows,
        resumed_after=before,
        verdicts=tally.kinds(),
        reasons={key: number for key, number in ranked},
        risk={
            "score": round(found.score, 1),
            "at_worst": round(found.at_worst, 1),
            "level": found.level,
            "dangers": [
                {"name": one.danger.name, "share": one.share, "limit": one.danger.limit, "score": round(one.score, 1)}
                for one in found.measured
            ],
        },
        cannot_see=[*unchecked, *CANNOT_SEE],
        files={name: directory / name for name in names},
    )
