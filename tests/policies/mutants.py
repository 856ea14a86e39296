"""Every way to spoil a sound stack, and every change that must pass: the lists of all families together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.policies.campaign_mutants import CAMPAIGN_MUTANTS
from tests.policies.claim_mutants import HANDOVER_CLAIM_MUTANTS, PERSISTENT_CLAIM_MUTANTS
from tests.policies.detour_mutants import DETOUR_ENVIRONMENT_MUTANTS, DETOUR_MUTANTS
from tests.policies.environment_mutants import ENVIRONMENT_MUTANTS
from tests.policies.harness import Declared, campaign_stack, environment_stack
from tests.policies.hold_mutants import HOLD_ENVIRONMENT_MUTANTS, HOLD_MUTANTS
from tests.policies.identity_mutants import IDENTITY_MUTANTS
from tests.policies.lane_mutants import LANE_MUTANTS
from tests.policies.lease_mutants import LEASE_MUTANTS
from tests.policies.mount_mutants import MOUNT_MUTANTS
from tests.policies.network_mutants import NETWORK_CAMPAIGN_MUTANTS, NETWORK_ENVIRONMENT_MUTANTS
from tests.policies.object_environment_mutants import OBJECT_ENVIRONMENT_MUTANTS
from tests.policies.object_mutants import OBJECT_MUTANTS
from tests.policies.pod_mutants import POD_ENVIRONMENT_MUTANTS, POD_MUTANTS
from tests.policies.spool_mutants import PERSISTENT_MUTANTS, SPOOL_MUTANTS, persistent_sender
from tests.policies.strategies import (
    EXTERNAL_MUTANTS,
    EXTERNAL_SENDER_MUTANTS,
    INTERFACE_MUTANTS,
    external,
    external_sender,
    interface,
)
from tests.policies.update_mutants import PERSISTENT_UPDATE_MUTANTS, UPDATE_MUTANTS
from tests.policies.warm_up_mutants import WARM_UP_MUTANTS

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
Build = Callable[[], Stack]


class Mutant(NamedTuple):
    """A change to a sound stack that a rule refuses, with a text of the refusal."""

    build: Build
    rule: str
    title: str
    change: Change
    text: str


prod_stack = partial(environment_stack, "prod")

MUTANTS = [
    *[Mutant(campaign_stack, *mutant) for mutant in [*CAMPAIGN_MUTANTS, *IDENTITY_MUTANTS, *WARM_UP_MUTANTS]],
    *[
        Mutant(environment_stack, *mutant)
        for mutant in [*ENVIRONMENT_MUTANTS, *HOLD_ENVIRONMENT_MUTANTS, *LEASE_MUTANTS]
    ],
    *[Mutant(campaign_stack, *mutant) for mutant in [*HOLD_MUTANTS, *OBJECT_MUTANTS]],
    *[Mutant(environment_stack, *mutant) for mutant in [*OBJECT_ENVIRONMENT_MUTANTS, *POD_ENVIRONMENT_MUTANTS]],
    *[Mutant(campaign_stack, *mutant) for mutant in POD_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in MOUNT_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in DETOUR_MUTANTS],
    *[Mutant(environment_stack, *mutant) for mutant in DETOUR_ENVIRONMENT_MUTANTS],
    *[Mutant(prod_stack, *mutant) for mutant in LANE_MUTANTS],
    *[Mutant(external, *mutant) for mutant in EXTERNAL_MUTANTS],
    *[Mutant(external_sender, *mutant) for mutant in EXTERNAL_SENDER_MUTANTS],
    *[Mutant(interface, *mutant) for mutant in INTERFACE_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in NETWORK_CAMPAIGN_MUTANTS],
    *[Mutant(environment_stack, *mutant) for mutant in NETWORK_ENVIRONMENT_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in SPOOL_MUTANTS],
    *[Mutant(persistent_sender, *mutant) for mutant in PERSISTENT_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in HANDOVER_CLAIM_MUTANTS],
    *[Mutant(campaign_stack, *mutant) for mutant in UPDATE_MUTANTS],
    *[Mutant(persistent_sender, *mutant) for mutant in PERSISTENT_UPDATE_MUTANTS],
    *[Mutant(persistent_sender, *mutant) for mutant in PERSISTENT_CLAIM_MUTANTS],
]

SHIPPED: dict[str, Build] = {
    "dev": environment_stack,
    "prod": prod_stack,
    "spring-sale.dev": campaign_stack,
    "newsletter.dev": partial(campaign_stack, "newsletter"),
    "receipts.prod": partial(campaign_stack, "receipts", "prod"),
    "spring-sale.dev, persistent": persistent_sender,
}
"""What Warmlane's own programs make, under both strategies."""
