"""The last day on which the lab's adopted addresses sent.

The lab's receivers remember nothing of a time before them, and mailbox providers forget an address after 30 days. So
that a lab is as warm on every day as its config says, its adopted addresses are taken to have sent until yesterday.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from lab import settings


def ensure() -> None:
    """Writes the file that `adopted_file` of the lab's environment names."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    settings.ADOPTED_FILE.parent.mkdir(parents=True, exist_ok=True)
    settings.ADOPTED_FILE.write_text(json.dumps({"as_of": yesterday.isoformat()}) + "\n")
