"""Ten changes as people make them, each with what the first three lines of its report must say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Change = Callable[[Path], None]

SPRING_SALE = "campaigns/Pulumi.spring-sale.dev.yaml"
NEWSLETTER = "campaigns/Pulumi.newsletter.dev.yaml"
DEV = "Pulumi.dev.yaml"
LANE = """
        started: "2026-11-02"
        adopted:
          stage: 19
          as_of: "2026-11-01"
          daily_volume: 650000
          by: deliverability@warmlane.test
          evidence: The lab's receivers count what each lane delivered.
"""
IMAGES = """
    images:
      sender: registry.example.com/sender@sha256:{sender}
      prometheus: registry.example.com/prometheus@sha256:{other}
      alertmanager: registry.example.com/alertmanager@sha256:{other}
      postgresql: registry.example.com/postgresql@sha256:{other}
"""


def edit(tree: Path, name: str, *pairs: tuple[str, str]) -> None:
    """Replaces what patterns match in a file; each must match, or the sample is no sample any more."""
    file = tree / name
    text = file.read_text()
    for pattern, new in pairs:
        text, count = re.subn(pattern, new.replace("\\", r"\\"), text)
        assert count, f"{name} no longer holds {pattern!r}"
    file.write_text(text)


def with_images(tree: Path, sender: str = "ab" * 32) -> None:
    """Gives prod images, as `warmlane images push` does."""
    edit(
        tree,
        "Pulumi.prod.yaml",
        ("    feedback: none", f"    feedback: none{IMAGES.format(sender=sender, other='cd' * 32)}"),
    )


def added(tree: Path) -> None:
    file = tree / "campaigns/Pulumi.winter-sale.dev.yaml"
    file.write_text((tree / SPRING_SALE).read_text().replace("spring-sale", "winter-sale"))
    edit(
        tree,
        DEV,
        ("    leases:\n", f'      cedar:{LANE}    leases:\n      winter-sale: {{lane: cedar, since: "2026-11-02"}}\n'),
    )


def beyond_plan(tree: Path) -> None:
    edit(
        tree,
        SPRING_SALE,
        (r"daily_volume: \d+", "daily_volume: 1900000"),
        (r'wanted_by: "[\d-]+"', 'wanted_by: "2026-11-04"'),
    )


def wide(tree: Path) -> None:
    edit(
        tree,
        "warmlane/isolation.py",
        (
            re.escape('"ports": _tcp(names.SMTP_PORT)}],\n    }\n\n\ndef _sender'),
            '"ports": _tcp(names.SMTP_PORT, 443)}],\n    }\n\n\ndef _sender',
        ),
    )


def moved(tree: Path) -> None:
    edit(
        tree,
        DEV,
        ("    leases:\n", f"      cedar:{LANE}    leases:\n"),
        (r"newsletter: \{lane: birch", "newsletter: {lane: cedar"),
    )


def relaxed(tree: Path) -> None:
    file = tree / "policies/config/dev.json"
    given = json.loads(file.read_text())
    file.write_text(json.dumps({**given, "no-wide-allow": {"enforcementLevel": "advisory"}}))


def leaked(tree: Path) -> None:
    edit(
        tree,
        "components/sender_pod.py",
        (
            re.escape('[{"name": "CAMPAIGN_ID", "value": campaign.id}]'),
            '[{"name": "CAMPAIGN_ID", "value": campaign.id}, {"name": "SMTP_PASSWORD", "value": "hunter2hunter2"}]',
        ),
    )


def renamed(tree: Path) -> None:
    text = (tree / NEWSLETTER).read_text().replace("id: newsletter", "id: bulletin")
    (tree / NEWSLETTER).unlink()
    (tree / "campaigns/Pulumi.bulletin.dev.yaml").write_text(text)
    edit(tree, DEV, (r"newsletter: \{lane", "bulletin: {lane"))


def removed(tree: Path) -> None:
    (tree / NEWSLETTER).unlink()
    edit(tree, DEV, (r" *newsletter: \{lane: birch.*\n", ""))


def bumped(tree: Path) -> None:
    edit(tree, "Pulumi.prod.yaml", ("ab" * 32, "ef" * 32))


def nothing(tree: Path) -> None:
    with (tree / "README.md").open("a") as file:
        file.write("\nOne more sentence.\n")


@dataclass(frozen=True)
class Sample:
    """A change, and texts that each of the report's first three lines must hold."""

    change: Change
    verdict: tuple[str, ...]
    summary: tuple[str, ...]
    warm_up: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether the change must not be deployed."""
        return self.verdict[0].startswith("**Refused**")


ALLOWED = ("**Allowed**", "policies passed.")
UNCHANGED = ("Warm-up: unchanged.",)
SAMPLES = {
    "campaign added": Sample(
        added,
        ALLOWED,
        ("1 campaign added (`winter-sale.dev` on lane `cedar`: +", "1 environment changed (`dev`: +"),
        ("Warm-up: `winter-sale.dev` starts at ", "messages/day on lane `cedar` and reaches "),
    ),
    "volume beyond plan": Sample(
        beyond_plan,
        ("**Refused**", "`warm-up-schedule`"),
        ("1 campaign changed (`spring-sale.dev`: ~1).",),
        ("`spring-sale.dev` goes from ", " to 1,900,000 messages/day", "too late."),
    ),
    "network rule widened": Sample(
        wide, ("**Refused**", "`no-wide-allow`"), ("3 campaigns changed (", "`newsletter.dev`: ~1"), UNCHANGED
    ),
    "lane moved": Sample(
        moved,
        ALLOWED,
        ("1 environment changed (`dev`: +", "1 campaign changed (`newsletter.dev`: ~"),
        ("Warm-up: `newsletter.dev` moves from lane `birch` to `cedar`, which starts at ",),
    ),
    "policy config relaxed": Sample(
        relaxed,
        (*ALLOWED, "1 rule is weakened (`no-wide-allow` in `dev`: enforcementLevel from mandatory to advisory)."),
        ("No stack changes.",),
        UNCHANGED,
    ),
    "secret leaked": Sample(
        leaked, ("**Refused**", "`secrets-in-secrets`"), ("3 campaigns changed (", "`newsletter.dev`: ~1"), UNCHANGED
    ),
    "campaign renamed": Sample(
        renamed,
        ALLOWED,
        ("Campaign `newsletter.dev` is renamed to `bulletin.dev`: its sender and namespace are made anew",),
        ("Warm-up: `bulletin.dev` starts at ", "messages/day on lane `birch`"),
    ),
    "campaign removed": Sample(
        removed,
        ALLOWED,
        (
            "1 campaign removed (`newsletter.dev`: still deployed until ",
            "`warmlane destroy -e dev --campaign newsletter`); 1 environment changed (`dev`: ~",
        ),
        UNCHANGED,
    ),
    "image bumped": Sample(bumped, ALLOWED, ("1 campaign changed (`receipts.prod`: ~1).",), UNCHANGED),
    "nothing": Sample(nothing, ALLOWED, ("No stack changes.",), UNCHANGED),
}
