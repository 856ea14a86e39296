"""Writes the committed rule file and dashboard: `python -m components.monitoring.generate`. A test compares them."""

from __future__ import annotations

from pathlib import Path

import yaml

from components.monitoring.alerts import rules_document
from components.monitoring.artifacts import DASHBOARD_FILE, RULES_FILE
from components.monitoring.dashboard import dashboard_json

NOTE = "# Generated from components/monitoring/alerts.py by `python -m components.monitoring.generate`.\n"


def generated() -> dict[Path, str]:
    """By file, what ought to be committed."""
    rules = yaml.safe_dump(rules_document(), sort_keys=False, width=120)
    return {RULES_FILE: NOTE + rules, DASHBOARD_FILE: dashboard_json()}


def main() -> None:
    """Writes the files."""
    for path, text in generated().items():
        path.write_text(text)
        print(path.name)


if __name__ == "__main__":
    main()
