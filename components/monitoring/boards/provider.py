"""Provider: one mailbox provider over all campaigns, to tell its trouble from a sender's."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row

from components.monitoring.boards import shape
from components.monitoring.promql import SENDERS
from components.monitoring.recordings import STEP, bound, count

UID = "warmlane-provider"
_P = 'provider=~"$provider",campaign=~"$campaign"'
_LEVEL = "campaign_lane_provider"
_AT = "{{campaign}} at {{provider}}"


def provider() -> str:
    """The dashboard's JSON."""
    providers = shape.choice("provider", "Provider", several=True).query(
        f"label_values(sender_tokens_total{{{SENDERS}}}, provider)"
    )
    return shape.dashboard(
        UID,
        "Provider",
        "Mailbox providers over all campaigns: a provider's own trouble shows in many of them at once.",
        [providers, shape.choice("campaign", "Campaign", several=True)],
        [
            Row("All campaigns"),
            shape.plot(
                "Outcomes by provider",
                "Attempts a second by provider and how they ended, all campaigns together.",
                shape.PER_SECOND,
                {"{{provider}} {{outcome}}": f"sum by (provider, outcome) (sum_over_time({STEP}{{{_P}}}[5m])) / 300"},
            ),
            shape.plot(
                "Campaigns that a provider puts off",
                "Campaigns of which at least a fifth of the last hour's attempts were deferred, with 99 % confidence.",
                shape.PLAIN,
                {
                    "{{provider}}": f"count by (provider) ({bound('deferrals', 'lower', level=_LEVEL)}{{{_P}}} > 0.2)"
                    " or vector(0)"
                },
            ),
            Row("By campaign"),
            shape.plot(
                "Deferral ratio, lower bound",
                "Put-off part of the last hour's attempts, lower 99 % bound; the alert stands at 20 %.",
                shape.RATIO,
                {_AT: f"{bound('deferrals', 'lower', level=_LEVEL)}{{{_P}}}"},
            ),
            shape.plot(
                "Deferrals in the last hour",
                "The count behind the ratio: below twenty no ratio raises an alert.",
                shape.MESSAGES,
                {_AT: f"{count('deferrals', '1h', _LEVEL)}{{{_P}}}"},
            ),
            shape.plot(
                "Bounce ratio, lower bound",
                "Bounced part of the last hour's final answers, lower 95 % bound.",
                shape.RATIO,
                {_AT: f"{bound('bounces', 'lower', level=_LEVEL)}{{{_P}}}"},
            ),
            shape.plot(
                "Bounces in the last hour",
                "The count behind the ratio.",
                shape.MESSAGES,
                {_AT: f"{count('bounces', '1h', _LEVEL)}{{{_P}}}"},
            ),
            shape.plot(
                "Waiting mail",
                "Messages that wait for their turn at a provider.",
                shape.MESSAGES,
                {_AT: f"sum by (campaign, provider) (sender_waiting_messages{{{SENDERS},{_P}}})"},
            ),
            shape.plot(
                "Tokens",
                "Delivery attempts a second that were allowed.",
                shape.PER_SECOND,
                {_AT: f"sum by (campaign, provider) (rate(sender_tokens_total{{{SENDERS},{_P}}}[$__rate_interval]))"},
            ),
        ],
    )
