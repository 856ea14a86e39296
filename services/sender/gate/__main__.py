"""`warmlane-gate`: reads Postfix' log and queues, serves the counts."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

from services.sender.gate import checkpoint, queues
from services.sender.gate.log_lines import parse
from services.sender.gate.metrics import SenderCollector, exposition
from services.sender.gate.server import server
from services.sender.log_follow import LogFollower
from services.sender.settings import LOG_DIRECTORY, MAIL_LOG, SPOOL

ADDRESS = ("0.0.0.0", 9100)
CHECKPOINT = LOG_DIRECTORY / "gate.json"
READ_EVERY = 0.5
"""Seconds between two looks at the log."""
STALLED_AFTER = 30.0
"""Seconds without a look at the log after which the gate calls itself unhealthy."""


def main() -> None:
    """Runs until SIGTERM."""
    saved = checkpoint.load(CHECKPOINT)
    counts = saved.counts
    follower = LogFollower(MAIL_LOG, saved.position)
    lock = threading.Lock()
    stop = threading.Event()
    last_look = time.monotonic()

    def ended(number: int, frame: FrameType | None) -> None:
        stop.set()

    def metrics() -> bytes:
        with lock:
            return exposition(SenderCollector(lambda: counts, lambda: queues.sizes(SPOOL)))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    http = server(ADDRESS, metrics, lambda: time.monotonic() - last_look < STALLED_AFTER)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(f"gate: serving metrics on port {ADDRESS[1]}", flush=True)
    while not stop.is_set():
        with lock:
            read = 0
            for line in follower.lines():
                counts.add(parse(line))
                read += 1
        if read:
            checkpoint.save(CHECKPOINT, checkpoint.Checkpoint(follower.position, counts))
        last_look = time.monotonic()
        stop.wait(READ_EVERY)
    http.shutdown()
    follower.close()


if __name__ == "__main__":
    main()
