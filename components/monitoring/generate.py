"""Writes the committed rule file and dashboards: `python -m components.monitoring.generate`. A test compares them."""

from __future__ import annotations

from pathlib import Path

import yaml

from components.monitoring.alerts import rules_document
from components.monitoring.artifacts import DASHBOARD_FILES, RULES_FILE
from components.monitoring.boards.campaign import campaign
from components.monitoring.boards.fleet import fleet
from components.monitoring.boards.gate import gate
from components.monitoring.boards.lane import lane
from components.monitoring.boards.provider import provider

NOTE = "# Generated from components/monitoring by `python -m components.monitoring.generate`.\n"
DASHBOARDS = {"fleet": fleet, "campaign": campaign, "lane": lane, "provider": provider, "gate": gate}


def generated() -> dict[Path, str]:
    """By file, what ought to be committed."""
    rules = yaml.safe_dump(rules_document(), sort_keys=False, width=120)
    boards = {DASHBOARD_FILES[name]: make() for name, make in DASHBOARDS.items()}
    return {RULES_FILE: NOTE + rules, **boards}


def main() -> None:
    """Writes the files."""
    for path, text in generated().items():
        path.write_text(text)
        print(path.name)


if __name__ == "__main__":
    main()
