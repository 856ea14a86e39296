"""The program itself says what isolates a campaign and what its lane is: no option keeps an older word or a gap.

The protocol shows a pack which properties a resource ignores and whether it is deleted first, but not
`retain_on_delete`, `replace_on_changes`, `deleted_with` and hooks; tests/components/test_options.py holds the programs
to what they may say by those.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes, lanes
from policies.rule import About, Resource, resource_rule, title
from policies.scopes import is_campaign_stack

ABOUT = About(
    name="options-known",
    display_name="Resource options known",
    description=(
        "No resource keeps a deployed value against its program by ignore_changes, but a held sender, its quota and "
        "limits their whole spec; what isolates pods and what carries an address is not deleted before its replacement "
        "stands."
    ),
    why=(
        "A policy that somebody widened by hand, and whose changes are ignored, stays wide in every later update; one "
        "that is deleted first is gone for a while."
    ),
    remediation="Remove ignore_changes and delete_before_replace from the resource's options.",
    severity=Severity.HIGH,
    # Options are never unknown.
    inputs=(),
)

HELD = ("spec",)
"""What a sender under a hold keeps (campaigns/held.py). The engine shows the deployed spec in its place, so every rule
judges what stays."""
KEPT = ("Deployment", "LimitRange", "ResourceQuota", "StatefulSet")
"""Kinds that keep it: a kept pod that is made again needs the bounds that it was made in."""
STANDING = (
    *("CiliumEgressGatewayPolicy", "CiliumNetworkPolicy", "LimitRange", "Namespace", "NetworkPolicy", "ResourceQuota"),
    *("Role", "RoleBinding", "ServiceAccount"),
)
"""Kinds without which pods are open or unbounded for a while."""
ADDRESSES = (lanes.ADDRESS, lanes.REVERSE_NAME, lanes.RECORD)


def judge(resource: Resource) -> Iterator[str]:
    what, kind = title(resource), kubernetes.kind(resource)
    may_be_held = kind in KEPT and is_campaign_stack(resource)
    if resource.ignored and not (may_be_held and resource.ignored == HELD):
        yield (
            f"{what} keeps {', '.join(resource.ignored)} as deployed, whatever the program says. Remove ignore_changes"
            f"{', or ignore the whole spec while a hold stands' if may_be_held else ''}."
        )
    if resource.deletes_first and (kind in STANDING or resource.type in ADDRESSES):
        yield f"{what} would be gone before its replacement stands. Remove delete_before_replace."


RULE = resource_rule(ABOUT, judge)
