"""The rules of the pack, one a module; each module's `RULE` is what the pack serves."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    address_protected,
    default_deny_present,
    derived_identity,
    images_by_digest,
    lane_graph,
    lane_leased_once,
    lane_network,
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
    derived_identity.RULE,
    images_by_digest.RULE,
    lane_graph.RULE,
    lane_leased_once.RULE,
    lane_network.RULE,
    no_host_access.RULE,
    no_wide_allow.RULE,
    quota_and_limits_present.RULE,
    sender_configured.RULE,
    sender_pinned_to_lane.RULE,
    warm_up_schedule.RULE,
)
