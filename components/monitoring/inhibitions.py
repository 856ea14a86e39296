"""Which alert keeps which others silent, so that one cause is told once."""

from __future__ import annotations

from typing import Any

LANE = ["campaign", "lane"]
EXPLAINED = ("BacklogTooLong", "DeferredMailGrowing", "TriedMailWaitsLong", "WarmUpUnderused")
"""What follows when a sender sends nothing."""
NOTHING_LEAVES = ("IdentityDrifted", "IdentityUnknown", "SenderClosed", "SenderDown", "SenderHeld")

INHIBITIONS: tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...] = (
    (NOTHING_LEAVES, EXPLAINED, LANE),
    (("ReflectorSilent", "StoreUnreachable"), EXPLAINED, []),
    (("ReflectorSilent",), ("IdentityUnknown",), []),
    (("IdentityDrifted",), ("IdentityUnknown",), LANE),
    (("BounceRatioHigh",), ("BounceBudgetBurning", "BounceRatioUnusual"), LANE),
    (("BounceBudgetBurning",), ("BounceRatioUnusual",), LANE),
    (("DeferralRatioHigh",), ("DeferralRatioUnusual", "DeferredMailGrowing"), LANE),
    (("ProviderDefersMany",), ("DeferralRatioHigh",), ["provider"]),
)
"""Cause, what it explains, and the labels that must be the same. An alert that is silent itself still explains."""


def inhibit_rules() -> list[dict[str, Any]]:
    """Alertmanager's `inhibit_rules`."""
    rules = [
        _rule([f'alertname=~"{"|".join(why)}"'], [f'alertname=~"{"|".join(what)}"'], equal)
        for why, what, equal in INHIBITIONS
    ]
    rules.append(_rule(['alertname="StoreUnreachable"'], ['alertname="SenderClosed"', 'reason=~"store|starting"'], []))
    rules.append(_rule(['severity="critical"'], ['severity=~"warning|info"'], ["alertname", *LANE]))
    return rules


def _rule(source: list[str], target: list[str], equal: list[str]) -> dict[str, Any]:
    return {"source_matchers": source, "target_matchers": target, "equal": equal}
