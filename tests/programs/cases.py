"""For each rule what breaks it, and for each slip in the config what refuses it.

A program lies beside this file and is previewed there (`pulumi preview -s <stack> --policy-pack ../../../policies`); a
config is changed at dotted paths below its own key in the stack file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent

ENVIRONMENT_FILE = "Pulumi.dev.yaml"
CAMPAIGN_FILE = "campaigns/Pulumi.spring-sale.dev.yaml"


@dataclass(frozen=True)
class Program:
    """A program that no config can be: it breaks `rule`, and the refusal contains `text`."""

    rule: str
    stack: str
    text: str

    @property
    def directory(self) -> Path:
        """Where the program lies."""
        return PROGRAMS / self.rule


@dataclass(frozen=True)
class Config:
    """A stack file with changes that `rule` refuses; an empty rule means that the program refuses it by itself."""

    title: str
    file: str
    stack: str
    changes: Mapping[str, object]
    text: str
    rule: str = ""


PROGRAM_CASES = (
    Program("address-protected", "dev", "Eip cedar-address is not protected"),
    Program("containers-known", "spring-sale.dev", "container idle, runs beside email-sender, gate"),
    Program("default-deny-present", "spring-sale.dev", "Namespace campaign-spring-sale has no NetworkPolicy around it"),
    Program("derived-identity", "spring-sale.dev", "data.username is bmV3c2xldHRlcg=="),
    Program("images-by-digest", "spring-sale.dev", "container idle, names its image as warmlane.local/sender:latest"),
    Program(
        "isolation-before-workload",
        "spring-sale.dev",
        "Pod campaign-spring-sale/early does not depend on ResourceQuota campaign-quota",
    ),
    Program("lane-graph", "dev", "Lane birch has no A record birch.warmlane.test"),
    Program("lane-leased-once", "dev", "out by lane amber, which CiliumEgressGatewayPolicy shared-"),
    Program("lane-network", "dev", "NatGateway spare-nat has no part in the strategy cilium_gateway"),
    Program("no-host-access", "spring-sale.dev", "Pod campaign-spring-sale/on-the-host: spec.hostNetwork is true"),
    Program(
        "no-host-volumes",
        "spring-sale.dev",
        "PersistentVolumeClaim campaign-spring-sale/by-name claims the volume node-root",
    ),
    Program(
        "no-service-account-token",
        "spring-sale.dev",
        "ServiceAccount campaign-spring-sale/talkative lets its pods mount a token",
    ),
    Program(
        "no-unseen-objects",
        "spring-sale.dev",
        "CiliumLocalRedirectPolicy campaign-spring-sale/aside is of the API group cilium.io",
    ),
    Program("no-wide-allow", "spring-sale.dev", "campaign-spring-sale/https allows egress to 0.0.0.0/0 on TCP 443"),
    Program("objects-in-own-namespace", "spring-sale.dev", "ConfigMap anywhere has no metadata.namespace"),
    Program("options-known", "spring-sale.dev", "NetworkPolicy campaign-spring-sale/kept keeps spec as deployed"),
    Program(
        "pod-fields-known",
        "spring-sale.dev",
        "Pod campaign-spring-sale/two-networks has the annotation k8s.v1.cni.cncf.io/networks",
    ),
    Program("pod-security-level", "spring-sale.dev", "Namespace campaign-spring-sale does not enforce Pod Security"),
    Program("quota-and-limits-present", "spring-sale.dev", "no ResourceQuota of campaign-spring-sale bounds pods"),
    Program(
        "rbac-least-privilege",
        "spring-sale.dev",
        "Role campaign-spring-sale/reader reaches every secret of its namespace, by get, list",
    ),
    Program(
        "secrets-in-secrets",
        "spring-sale.dev",
        "ConfigMap campaign-spring-sale/relay holds a secret in data.relay.yaml (password)",
    ),
    Program("sender-configured", "spring-sale.dev", "which this stack does not declare in campaign-spring-sale"),
    Program("sender-pinned-to-lane", "spring-sale.dev", "label warmlane.dev/lane is birch. Set it to amber"),
    Program(
        "services-inside-cluster", "spring-sale.dev", "Service campaign-spring-sale/wide takes a port of every node"
    ),
    Program("spool-stated", "spring-sale.dev", "is no Deployment, which the committed spool, handover, asks for"),
    Program(
        "warm-up-schedule", "spring-sale.dev", "allows 1000000 messages on 2026-11-02, sending day 20, and the plan"
    ),
    Program("warm-up-upper-bound", "spring-sale.dev", "the upper bound is 1000000 and no override lifts it"),
)

FAMILIES = {
    "addresses": "address-protected",
    "lanes": "lane-leased-once",
    "identity": "derived-identity",
    "network": "no-wide-allow",
    "pods": "no-host-access",
    "objects": "quota-and-limits-present",
    "warm-up": "warm-up-schedule",
}
"""By family of rules, the one whose program stands for it where asking the engine about each would take too long."""
EACH_FAMILY = tuple(program for program in PROGRAM_CASES if program.rule in FAMILIES.values())

POLICY_CONFIG_CASES = (
    Config(
        "wanted before the plan allows it",
        CAMPAIGN_FILE,
        "spring-sale.dev",
        {"wanted_by": "2026-11-02"},
        "The earliest date under the plan moderate is 2026-11-03",
        rule="warm-up-schedule",
    ),
    Config(
        "a slower plan",
        CAMPAIGN_FILE,
        "spring-sale.dev",
        {"plan": "conservative", "wanted_by": "2026-11-20"},
        "The earliest date under the plan conservative is 2026-11-22",
        rule="warm-up-schedule",
    ),
    Config(
        "a day of an hour",
        ENVIRONMENT_FILE,
        "spring-sale.dev",
        {"day_length": 3600},
        "has a sending day of 3600 s, so that its limits come 24 times a day",
        rule="day-length-shipped",
    ),
    Config(
        "more than the organisation allows",
        ENVIRONMENT_FILE,
        "spring-sale.dev",
        {"caps": {"campaign_daily_volume": 100_000}},
        "plans 1000000 messages/day, and Pulumi.dev.yaml caps a campaign at 100000",
        rule="organisation-caps",
    ),
    Config(
        "an old list",
        CAMPAIGN_FILE,
        "spring-sale.dev",
        {"recipients.age_months": 12},
        "warms lane amber up with a list of 12 months",
        rule="list-may-warm",
    ),
    Config(
        "another campaign's sending domain",
        CAMPAIGN_FILE,
        "spring-sale.dev",
        {"sending_domain": "newsletter.warmlane.test"},
        "sends newsletter.warmlane.test by one of 2 lanes",
        rule="no-domain-spread",
    ),
    Config(
        "a lane that has not rested",
        ENVIRONMENT_FILE,
        "dev",
        {
            "lanes.amber.started": "2026-09-01",
            "lanes.amber.adopted": None,
            "lanes.amber.leases": [{"campaign": "autumn", "since": "2026-09-02", "until": "2026-10-31"}],
        },
        "1 days after autumn ended on 2026-10-31",
        rule="lease-cool-down",
    ),
    Config(
        "a burnt lane",
        ENVIRONMENT_FILE,
        "dev",
        {
            "lanes.amber.incidents": [
                {"occurred": "2026-10-20", "campaign": "autumn", "what": "Hard bounces of a bought list."}
            ]
        },
        "the incident of 2026-10-20 on lane amber by autumn is open",
        rule="incident-remedied",
    ),
    Config(
        "six new lanes at once",
        ENVIRONMENT_FILE,
        "dev",
        {f"lanes.lane-{number}": {"started": "2099-01-01"} for number in range(6)},
        "stands for 6 lanes that come to be in the seven days up to 2099-01-01",
        rule="new-lanes-a-week",
    ),
    Config(
        "a new lease that nobody knows enough of",
        ENVIRONMENT_FILE,
        "dev",
        {"leases.spring-sale.since": "2099-01-01"},
        "holds and incidents are unknown: there is no ",
        rule="new-lease-known",
    ),
)

SNAPSHOT_RULES = ("hold-respected", "stage-in-ledger")
"""Rules that only a snapshot can break, neither a config nor a program."""

CONFIG_CASES = (
    Config("unknown key", ENVIRONMENT_FILE, "dev", {"lane": {}}, "lane: value {} is not allowed: there is no such key"),
    Config(
        "wrong type", ENVIRONMENT_FILE, "dev", {"lanes.amber.sending_days": "few"}, "lanes.amber.sending_days: value"
    ),
    Config(
        "unknown lane", ENVIRONMENT_FILE, "dev", {"leases.newsletter.lane": "teal"}, "leases.newsletter.lane: value"
    ),
    Config(
        "a lane leased twice", ENVIRONMENT_FILE, "dev", {"leases.newsletter.lane": "amber"}, "spring-sale holds amber"
    ),
    Config(
        "overlapping ranges",
        ENVIRONMENT_FILE,
        "dev",
        {"cluster.networks.services": ["10.244.0.0/20"]},
        "services 10.244.0.0/20 overlaps pods 10.244.0.0/16",
    ),
    Config("a campaign id of 70 characters", CAMPAIGN_FILE, "spring-sale.dev", {"id": "x" * 70}, "id: value"),
    Config("another campaign's id", CAMPAIGN_FILE, "spring-sale.dev", {"id": "autumn"}, "it must be spring-sale"),
    Config(
        "several at once",
        CAMPAIGN_FILE,
        "spring-sale.dev",
        {"daily_volume": "many", "wanted_by": "soon", "planned": True},
        "3 problems",
    ),
)
