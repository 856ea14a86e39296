"""Ten changes as people make them, each with what the first three lines of its report must say."""

from __future__ import annotations

import json
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
    """Replaces texts of a file; each must stand there, or the sample is no sample any more."""
    file = tree / name
    text = file.read_text()
    for old, new in pairs:
        assert old in text, f"{name} no longer holds {old!r}"
        text = text.replace(old, new)
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
        ("daily_volume: 1000000", "daily_volume: 1400000"),
        ('wanted_by: "2026-12-15"', 'wanted_by: "2026-11-04"'),
    )


def wide(tree: Path) -> None:
    edit(
        tree,
        "warmlane/isolation.py",
        (
            '"ports": _tcp(names.SMTP_PORT)}],\n    }\n\n\ndef _sender',
            '"ports": _tcp(names.SMTP_PORT, 443)}],\n    }\n\n\ndef _sender',
        ),
    )


def moved(tree: Path) -> None:
    edit(
        tree,
        DEV,
        ("    leases:\n", f"      cedar:{LANE}    leases:\n"),
        ("newsletter: {lane: birch", "newsletter: {lane: cedar"),
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
            '[{"name": "CAMPAIGN_ID", "value": campaign_id}]',
            '[{"name": "CAMPAIGN_ID", "value": campaign_id}, {"name": "SMTP_PASSWORD", "value": "hunter2hunter2"}]',
        ),
    )


def renamed(tree: Path) -> None:
    text = (tree / NEWSLETTER).read_text().replace("id: newsletter", "id: bulletin")
    (tree / NEWSLETTER).unlink()
    (tree / "campaigns/Pulumi.bulletin.dev.yaml").write_text(text)
    edit(tree, DEV, ("newsletter: {lane", "bulletin: {lane"))


def removed(tree: Path) -> None:
    (tree / NEWSLETTER).unlink()
    edit(tree, DEV, ('      newsletter: {lane: birch, since: "2026-11-02"}\n', ""))


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
        ("Warm-up: `winter-sale.dev` starts at 200,000 messages/day on lane `cedar` and reaches 250,000 on",),
    ),
    "volume beyond plan": Sample(
        beyond_plan,
        ("**Refused**", "`warm-up-schedule`"),
        ("1 campaign changed (`spring-sale.dev`: ~1).",),
        ("`spring-sale.dev` goes from 250,000 to 1,400,000 messages/day", "days too late."),
    ),
    "network rule widened": Sample(
        wide, ("**Refused**", "`no-wide-allow`"), ("3 campaigns changed (", "`newsletter.dev`: ~1"), UNCHANGED
    ),
    "lane moved": Sample(
        moved,
        ALLOWED,
        ("1 environment changed (`dev`: +", "1 campaign changed (`newsletter.dev`: ~"),
        ("Warm-up: `newsletter.dev` moves from lane `birch` to `cedar`, which starts at 200,000",),
    ),
    "policy config relaxed": Sample(relaxed, ("**Allowed**", "and 1 is relaxed."), ("No stack changes.",), UNCHANGED),
    "secret leaked": Sample(
        leaked, ("**Refused**", "`secrets-in-secrets`"), ("3 campaigns changed (", "`newsletter.dev`: ~1"), UNCHANGED
    ),
    "campaign renamed": Sample(
        renamed,
        ALLOWED,
        ("Campaign `newsletter.dev` is renamed to `bulletin.dev`: its sender and namespace are made anew",),
        ("Warm-up: `bulletin.dev` starts at 200,000 messages/day on lane `birch`",),
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
