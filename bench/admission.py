"""Admission on the accept path: 1,000,000 suppressions in PostgreSQL, 50 connections, 50,000 domains with warm DNS.

Three processes: PostgreSQL, the gate's admission on one core, and the load on what is left of the other.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from bench.check_list import Instantly
from bench.figures import Figure
from lab import postgresql
from services.sender.gate import admission
from services.sender.gate.admission import PASS, Gatekeeper
from services.sender.gate.backlog import Backlog
from services.sender.gate.suppressions import StoredSuppressions
from services.sender.gate.today import Today
from services.store import roles
from services.store.database import database, transaction
from services.store.migrate import upgrade
from warmlane.campaign import Plan
from warmlane.pacing.history import History
from warmlane.pacing.limits import WarmUp
from warmlane.pacing.moments import first_day
from warmlane.recipients.check import Checker
from warmlane.recipients.hashing import HashKey, KeyRing
from warmlane.recipients.routes import MailRoutes

SUPPRESSIONS, DOMAINS, CONNECTIONS = 1_000_000, 50_000, 50
QUESTIONS = 30_000
RATE = 3_000
"""Decisions/s that are aimed for, and offered while latency is measured."""
MICROSECONDS_AT_MOST = 1e6 / RATE
P99_MILLISECONDS_AT_MOST = 10.0
CAMPAIGN, PASSWORD = "bench", "bench-only"
KEYS = KeyRing(HashKey("k2", b"n" * 32), HashKey("k1", b"o" * 32))
"""Two, as during a rotation: twice the hashes."""
FILL = """
INSERT INTO suppressions (digest, key_id, campaign, kind, expires, created)
SELECT sha256(number::text::bytea), 'k1', '', 'manual', NULL, 0 FROM generate_series(1, :rows) AS number
"""


def measure() -> list[Figure]:
    """Microseconds of wall and of CPU time a decision at full load, and the latency at the rate that is aimed for."""
    with postgresql.server() as server:
        engine = database(server.url())
        upgrade(engine)
        with transaction(engine) as connection:
            roles.make_campaign_role(connection, CAMPAIGN, PASSWORD)
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(FILL), {"rows": SUPPRESSIONS})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE suppressions"))
        engine.dispose()
        url = server.url(user=roles.campaign_role(CAMPAIGN), password=PASSWORD)
        gate = subprocess.Popen(
            [sys.executable, "-m", "bench.admission", "gate", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert gate.stdin and gate.stdout
        try:
            port = int(gate.stdout.readline())
            load(port, DOMAINS, None)
            before = cpu(gate)
            full = load(port, QUESTIONS, None)
            spent = cpu(gate) - before
            paced = load(port, QUESTIONS, RATE)
        finally:
            gate.stdin.close()
            gate.wait(10)
    print(
        f"admission {full.questions / full.seconds:,.0f}/s at full load, {full.questions / spent:,.0f} a CPU second of "
        f"the gate; at {RATE:,}/s half of the answers take up to {paced.percentile(50):.1f} ms, 99.9 % up to "
        f"{paced.percentile(99.9):.1f} ms",
        flush=True,
    )
    return [
        Figure(
            f"decision ({full.questions / full.seconds:,.0f}/s)",
            full.seconds / full.questions * 1e6,
            MICROSECONDS_AT_MOST,
            "µs",
        ),
        Figure("CPU time of the gate a decision", spent / full.questions * 1e6, MICROSECONDS_AT_MOST, "µs"),
        Figure(f"99 % of the answers at {RATE:,}/s", paced.percentile(99), P99_MILLISECONDS_AT_MOST, "ms"),
    ]


@dataclass
class Run:
    """How long questions took: all of them in `seconds`, each in milliseconds."""

    seconds: float
    milliseconds: list[float] = field(default_factory=list)

    @property
    def questions(self) -> int:
        """How many there were."""
        return len(self.milliseconds)

    def percentile(self, part: float) -> float:
        """Milliseconds within which `part` percent were answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * part / 100), len(ordered) - 1)]


def load(port: int, questions: int, rate: int | None) -> Run:
    """Asks from a process of its own; `rate` in questions/s, or as fast as answers come."""
    command = [sys.executable, "-m", "bench.admission", "load", str(port), str(questions), str(rate or 0)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return Run(**json.loads(ran.stdout))


def cpu(process: subprocess.Popen[str]) -> float:
    """CPU seconds that a process has used."""
    with open(f"/proc/{process.pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def gate(url: str) -> None:
    """Admission as the gate has it, until standard input ends."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    day = first_day(datetime.now(UTC).date())
    today = Today(day, WarmUp(Plan.AGGRESSIVE, 10**9, 0, day, (10**9,)), History(100, 10**9))
    suppressions = StoredSuppressions(database(url), CAMPAIGN)
    gatekeeper = Gatekeeper(
        Checker(MailRoutes(Instantly()), KEYS, suppressions),
        hold_stands=lambda: None,
        backlog=Backlog(lambda: today, lambda: 0, days=3),
    )
    server = await admission.serve(gatekeeper, ("127.0.0.1", 0))
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    suppressions.close()


async def ask(port: int, questions: int, rate: int) -> Run:
    """Asks by 50 connections. A question's time begins when it was due, so that a slow gate can't put questions off."""
    milliseconds, numbers = list[float](), iter(range(questions))
    began = time.perf_counter()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            due = began + number / rate if rate else time.perf_counter()
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            writer.write(request(number))
            answer = await reader.readuntil(b"\n\n")
            if answer != f"action={PASS}\n\n".encode():
                raise SystemExit(f"a question was answered {answer!r}")
            milliseconds.append((time.perf_counter() - due) * 1000)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Run(time.perf_counter() - began, milliseconds)


def request(number: int) -> bytes:
    """What Postfix 3.7 asks at RCPT."""
    return (
        "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.7\n"
        "client_name=unknown\nreverse_client_name=unknown\nhelo_name=producer.test\nsender=news@sale.test\n"
        f"recipient=first.last{number}@d{number * 7 % DOMAINS}.bench.test\nrecipient_count=0\nqueue_id=\n"
        f"instance=1a.{number:x}.0\nsize=4711\netrn_domain=\nstress=\nsasl_method=PLAIN\nsasl_username=sale\n"
        "sasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
        "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\n"
        "policy_context=\nserver_address=192.0.2.8\nserver_port=25\ncompatibility_level=3.7\n"
        "mail_version=3.7.11\n\n"
    ).encode()


def main(arguments: list[str]) -> None:
    """One of the bench's processes."""
    if arguments[0] == "gate":
        asyncio.run(gate(arguments[1]))
    else:
        print(json.dumps(vars(asyncio.run(ask(*map(int, arguments[1:]))))))


if __name__ == "__main__":
    main(sys.argv[1:])
