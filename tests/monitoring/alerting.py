"""A real Alertmanager with a given configuration, and alerts for it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.monitoring import documents


@contextmanager
def running(config: documents.Document, folder: Path) -> Iterator[str]:
    """Runs Alertmanager in `folder` and gives the URL at which it takes alerts."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert program, "Alertmanager is needed: apt-get install prometheus-alertmanager"
    path = folder / "alertmanager.yml"
    path.write_text(documents.text(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, f"--config.file={path}", f"--storage.path={folder}", "--cluster.listen-address="]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/api/v2/alerts"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def tell(url: str, alerts: Sequence[dict[str, Any]]) -> None:
    """Gives alerts to Alertmanager, as Prometheus does."""
    request = urllib.request.Request(url, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()
