"""A flood of bounces on the intake: 10,000 at once, from ten hosts, some put off and sent again; none may be lost.

Three processes: PostgreSQL, the intake, and the load on what is left of the two cores.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from bench.figures import Figure
from lab import postgresql
from services.store.database import database, transaction
from services.store.migrate import upgrade
from services.store.returns import ROLE, Issued, Mailed, issue
from services.store.tables import ReturnCount
from warmlane.recipients.hashing import KeyedHash
from warmlane.returns import token
from warmlane.returns.token import TokenKeys

REPORTS = 10_000
TAKEN_WITHIN, BOOKED_WITHIN = 60.0, 120.0
"""Seconds: the flood is of a minute, and what is booked a minute later is late, not lost."""
HOSTS, CONNECTIONS_OF_HOST = 10, 3
MESSAGES_OF_SOURCE = 600
"""In a minute from one host; below the flood's, so that hosts are put off."""
DOMAIN = "bounces.news.example"
KEYS = TokenKeys(b"k" * 32)
PASSWORD = "bench-only"
DSN = """From: MAILER-DAEMON@mailbox.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_x"

--=_x
Content-Type: text/plain

It could not be delivered.
--=_x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mailbox.example

Final-Recipient: rfc822; gone@mailbox.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown
--=_x
Content-Type: text/rfc822-headers

From: news@news.example
Subject: Hello
--=_x--
""".replace("\n", "\r\n")


@dataclass(frozen=True)
class Flooded:
    """What became of a flood: seconds from its begin until the last 250 and until all was booked."""

    taken: float
    booked: float
    put_off: int
    counted: int


def measure() -> list[Figure]:
    """How long a flood takes to be taken and booked, and how many of its reports are missing."""
    with postgresql.server() as server, tempfile.TemporaryDirectory(prefix="warmlane-returns-") as directory:
        engine = database(server.url())
        upgrade(engine)
        found = flood(engine, Path(directory), REPORTS, HOSTS, MESSAGES_OF_SOURCE)
        engine.dispose()
    return [
        Figure(f"{REPORTS} bounces are taken ({found.put_off} were put off)", found.taken, TAKEN_WITHIN, "s"),
        Figure("… and booked", found.booked, BOOKED_WITHIN, "s"),
        Figure("… of them lost", REPORTS - found.counted, 0, ""),
    ]


def flood(engine: Engine, directory: Path, reports: int, hosts: int, messages_of_source: int) -> Flooded:
    """Sends bounces of so many messages from hosts on loopback until each got its 250, and waits for the booking.

    `engine` is the owner's way into a PostgreSQL store. Raises TimeoutError.
    """
    ids = [number.to_bytes(token.ID_LENGTH, "little") for number in range(reports)]
    mailed, now = Mailed("news", "amber", "gmail", 20_000), int(time.time())
    with transaction(engine) as connection:
        issue(connection, [Issued(id_, mailed, KeyedHash("k1", id_.hex().rjust(64, "0")), now) for id_ in ids])
        connection.execute(text("DROP ROLE IF EXISTS flooded_intake"))
        connection.execute(text(f"CREATE ROLE flooded_intake LOGIN PASSWORD '{PASSWORD}' IN ROLE {ROLE}"))
    url = engine.url.set(username="flooded_intake", password=PASSWORD).render_as_string(hide_password=False)
    with _intake(directory, url, messages_of_source) as port:
        began = time.monotonic()
        put_off = asyncio.run(_sent([token.signed(KEYS, id_) for id_ in ids], port, hosts))
        taken = time.monotonic() - began
        counted = _booked(engine, reports, began + 2 * BOOKED_WITHIN)
        booked = time.monotonic() - began
    return Flooded(taken, booked, put_off, counted)


@contextmanager
def _intake(directory: Path, url: str, messages_of_source: int) -> Iterator[int]:
    """A running intake and its port."""
    limits = {"connections_of_source": CONNECTIONS_OF_HOST, "messages_of_source": messages_of_source}
    settings = {"hostname": "intake.news.example", "domains": [DOMAIN], "address": "127.0.0.1", "port": 0}
    (directory / "intake.json").write_text(json.dumps({**settings, "metrics_port": 0, "limits": limits}))
    (directory / "return_keys.json").write_text(json.dumps([KEYS.current.hex()]))
    (directory / "store_url").write_text(url)
    command = [sys.executable, "-m", "services.intake", str(directory), str(directory / "spool")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        told = re.search(r"mail on port (\d+)", running.stdout.readline() if running.stdout else "")
        if told is None:
            raise RuntimeError("the intake did not start; it says why above")
        yield int(told[1])
    finally:
        running.terminate()
        running.wait(30)


async def _sent(tokens: Sequence[str], port: int, hosts: int) -> int:
    """Sends until each report got its 250; returns how often one was put off. Raises TimeoutError."""
    waiting = deque(tokens)
    put_off = 0

    async def session(source: str) -> None:
        nonlocal put_off
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        await reader.readline()
        writer.write(b"HELO mx.mailbox.example\r\n")
        await reader.readline()
        while waiting:
            text_ = waiting.popleft()
            writer.write(f"RSET\r\nMAIL FROM:<>\r\nRCPT TO:<b+{text_}@{DOMAIN}>\r\nDATA\r\n".encode())
            if [(await reader.readline())[:3] for _ in range(4)][-1] == b"354":
                writer.write(f"{DSN}.\r\n".encode())
                if (await reader.readline()).startswith(b"250"):
                    continue
            put_off += 1
            waiting.append(text_)
            # A mail system comes back later; this one soon, or the bench would take an hour.
            await asyncio.sleep(0.1)
        writer.close()

    async with asyncio.timeout(2 * BOOKED_WITHIN):
        sources = [f"127.0.1.{host + 1}" for host in range(hosts)]
        await asyncio.gather(*(session(source) for source in sources for _ in range(CONNECTIONS_OF_HOST)))
    return put_off


def _booked(engine: Engine, reports: int, end: float) -> int:
    """What the store has counted once it is all of it, or when the time is over."""
    while True:
        with transaction(engine) as connection:
            counted = int(connection.scalar(select(func.sum(ReturnCount.count))) or 0)
        if counted >= reports or time.monotonic() > end:
            return counted
        time.sleep(0.2)
