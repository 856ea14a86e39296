"""Complaints summed over the campaigns of an organisational domain: one bad list, spread thin, is seen all the same."""

from __future__ import annotations

from collections.abc import Mapping

from warmlane.feedback import rules
from warmlane.feedback.campaign import Campaign
from warmlane.feedback.evidence import summed
from warmlane.feedback.rules import Finding


def findings(members: Mapping[str, Mapping[str, Campaign]]) -> dict[str, list[Finding]]:
    """By campaign what the sums of its organisation ask for. `members` are the campaigns of each organisation.

    The sums are made of the campaigns' open days, so mail of before a campaign's release is in none of them, and there
    is no state besides. An organisation of one campaign needs no sum.
    """
    found: dict[str, list[Finding]] = {}
    for name, campaigns in members.items():
        if len(campaigns) < 2:
            continue
        for provider in sorted({each for campaign in campaigns.values() for each in campaign.tests}):
            parts = {id_: one.tests[provider].complaints for id_, one in campaigns.items() if provider in one.tests}
            total = summed(parts.values())
            for id_, own in parts.items():
                finding = rules.organisation(name, total, own, provider)
                if finding is not None:
                    found.setdefault(id_, []).append(finding)
    return found
