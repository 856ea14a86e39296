"""Mutants that no rule refuses and that harm nobody, each entry with its reason and with who confirms it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lab.standins.aws.changes import check
from lab.standins.aws.tables import TABLE
from lab.standins.kubernetes.api import Api
from tests.policies.systematic import admission, flows
from tests.policies.systematic.mutant import Mutant, base, kind, label

INVALID = " is invalid: "
"""In the API server's words, that an object keeps to no schema."""
MOST = 0.05
"""Part of all mutants that may be harmless."""


@dataclass(frozen=True)
class Harmless:
    """Mutants of an operator whose resource and place match; `by` confirms each of them."""

    operator: str
    what: str
    by: str
    reason: str

    def holds(self, mutant: Mutant) -> bool:
        return self.operator == mutant.operator and bool(
            re.fullmatch(self.what, f"{mutant.resource} {mutant.place}".strip())
        )


NCA, API_SERVER, AWS = "nca", "API server", "AWS stand-in"
REFUSAL = "API server's refusal"
"""It takes no such object, so nothing comes of it."""
POLICY = r"NetworkPolicy/\S+ "
API_SERVER_POLICY = r"NetworkPolicy/monitoring-prometheus-api-server spec\.egress\[\d+]\."
CONTEXT = r"Deployment/\S+ spec\.template\.spec\.containers\[\d+]\.securityContext\."

HARMLESS = [
    Harmless(
        "drop field",
        POLICY + r"spec\.(in|e)gress\[\d+]\.ports\[\d+]\.protocol",
        NCA,
        "A port without a protocol is TCP's: what TCP has is the same, and of DNS' two entries both are TCP's then.",
    ),
    Harmless("drop field", POLICY + r"spec\.podSelector", API_SERVER, "The API server stores an empty selector."),
    Harmless(
        "drop field",
        POLICY + r"spec\.(in|e)gress\[\d+]\.(from|to)\[\d+]\.namespaceSelector",
        NCA,
        "Without it a peer is of the policy's own namespace, which is the one that it named.",
    ),
    Harmless(
        "drop field",
        POLICY + r"spec\.policyTypes",
        NCA,
        "Without types a policy denies what comes in and, with egress rules, what goes out; default-deny does both.",
    ),
    Harmless("drop item", POLICY + r"spec\.policyTypes\[\d+]", NCA, "An empty list of types is the same as none."),
    Harmless(
        "drop item",
        POLICY + r"spec\.egress\[\d+]\.(ports|to)\[\d+]",
        NCA,
        "One of several ports or peers is closed; others stay as they are.",
    ),
    Harmless(
        "widen cidr",
        API_SERVER_POLICY + r"to\[\d+]\.ipBlock\.cidr to 10\.40\.0\.0/17",
        NCA,
        "The VPC's range stands beside the nodes' and holds all of it.",
    ),
    Harmless(
        "widen port",
        API_SERVER_POLICY + r"ports\[\d+]\.port to 443",
        NCA,
        "443 is the other port that is allowed.",
    ),
    Harmless(
        "drop field",
        CONTEXT + r"(allowPrivilegeEscalation|capabilities(\.drop)?|seccompProfile|runAsNonRoot)",
        API_SERVER,
        "The level that the namespace enforces asks nothing of it, or the pod's own context says it as well.",
    ),
    Harmless("drop field", CONTEXT + r"seccompProfile\.type", REFUSAL, "A profile has a type."),
    Harmless("drop item", CONTEXT + r"capabilities\.drop\[\d+]", API_SERVER, "`baseline` asks for no drop."),
    Harmless(
        "add host access",
        CONTEXT + r"allowPrivilegeEscalation as True",
        API_SERVER,
        "`baseline` lets it be; a campaign's containers begin as root within its capabilities.",
    ),
    Harmless(
        "drop field",
        r"Namespace/\S+ metadata\.labels\.pod-security\.kubernetes\.io/enforce-version",
        API_SERVER,
        "Without a version the level is enforced as of the API server's own.",
    ),
    Harmless("drop field", r"NatGateway/\S+ connectivityType", AWS, "A NAT gateway is public by default."),
    Harmless("drop field", r"Subnet/\S+ mapPublicIpOnLaunch", AWS, "A subnet gives no public addresses by default."),
]


def entry(mutant: Mutant) -> Harmless | None:
    """The entry under which a mutant is listed."""
    return next((one for one in HARMLESS if one.holds(mutant)), None)


def objection(mutant: Mutant, by: str, api: Api, directory: Path) -> str:
    """What the one who confirms says against a mutant, empty where it is harmless."""
    recording = mutant.recording()
    if by == NCA:
        return flows.more(mutant.stack, recording, directory)
    before = next(one for one in base(mutant.stack).registrations if one.custom and label(one) == mutant.resource)
    after = next(one for one in recording.registrations if one.urn == before.urn)
    if by == API_SERVER and kind(after) == "NetworkPolicy":
        had, has = (admission.stored(api, one) for one in (before, after))
        return "" if had == has else f"the API server stores {has}, and {had} was meant"
    if by == REFUSAL:
        said = admission.objection(api, recording, after)
        return "" if INVALID in said else f"the API server takes it, or refuses it otherwise: {said}"
    if by == API_SERVER:
        return admission.objection(api, recording, after)
    row = TABLE[before.type]
    wanted, found = (check(row, one.inputs, {}, one.name, b"")[0] for one in (before, after))
    return "" if wanted == found else f"it is {found}, and {wanted} was meant"
