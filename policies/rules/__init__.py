"""The rules of the pack, one a module; each module's `RULE` is what the pack serves."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    address_protected,
    default_deny_present,
    images_by_digest,
    lane_leased_once,
    no_host_access,
    no_wide_allow,
    quota_and_limits_present,
    sender_configured,
    sender_pinned_to_lane,
    warm_up_schedule,
)

RULES: tuple[Rule, ...] = (
    address_protected.RULE,
    default_deny_present.RULE,
    images_by_digest.RULE,
    lane_leased_once.RULE,
    no_host_access.RULE,
    no_wide_allow.RULE,
    quota_and_limits_present.RULE,
    sender_configured.RULE,
    sender_pinned_to_lane.RULE,
    warm_up_schedule.RULE,
)
