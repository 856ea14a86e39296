"""The rules of the pack, one a module; each module's `RULE` is what the pack serves."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    address_protected,
    default_deny_present,
    derived_identity,
    images_by_digest,
    isolation_before_workload,
    lane_graph,
    lane_leased_once,
    lane_network,
    no_host_access,
    no_host_volumes,
    no_service_account_token,
    no_wide_allow,
    pod_security_level,
    quota_and_limits_present,
    rbac_least_privilege,
    secrets_in_secrets,
    sender_configured,
    sender_pinned_to_lane,
    services_inside_cluster,
    warm_up_schedule,
)

RULES: tuple[Rule, ...] = (
    address_protected.RULE,
    default_deny_present.RULE,
    derived_identity.RULE,
    images_by_digest.RULE,
    isolation_before_workload.RULE,
    lane_graph.RULE,
    lane_leased_once.RULE,
    lane_network.RULE,
    no_host_access.RULE,
    no_host_volumes.RULE,
    no_service_account_token.RULE,
    no_wide_allow.RULE,
    pod_security_level.RULE,
    quota_and_limits_present.RULE,
    rbac_least_privilege.RULE,
    secrets_in_secrets.RULE,
    sender_configured.RULE,
    sender_pinned_to_lane.RULE,
    services_inside_cluster.RULE,
    warm_up_schedule.RULE,
)
