"""Where the generated files lie. Programs read them; `generate` writes them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
RULES_FILE = HERE / "rules" / "email_senders.yaml"
DASHBOARD_FILES = {
    name: HERE / "dashboards" / f"{name}.json" for name in ("fleet", "campaign", "lane", "provider", "gate")
}
"""By dashboard, in the order in which a person reads them."""
