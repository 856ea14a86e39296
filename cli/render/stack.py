"""Renders one stack: records its program, judges it, writes its manifests."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

import campaigns.program
import infra.program
from campaigns.deployed import undeployed
from cli.outcome import Code, ConfigRefused
from cli.render import judging, manifests, uniqueness
from cli.render.kept import kept
from cli.render.recording import Recording, Refusal, record
from cli.stacks import Stack, environment_stack
from policies.rules import RULES
from warmlane import config, store_access, unbuilt
from warmlane.environment import Environment
from warmlane.errors import ConfigError


@dataclass(frozen=True)
class Plan:
    """What is rendered. `placeholders`: by value that stands for something unknown, what manifests show for it."""

    repository: Path
    name: str
    environment: Environment
    policy_config: judging.Config
    placeholders: Mapping[str, str]
    out: Path


class Clock:
    """Adds up this process' seconds by part: other work on the machine does not count."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.began = seconds, time.process_time()

    def ends(self, part: str) -> None:
        """A part has ended, and the next one begins."""
        now = time.process_time()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.began
        self.began = now


@dataclass
class Rendered:
    """A stack, rendered: what it would make, in the program's order, and what the pack says."""

    stack: str
    project: str
    code: Code = Code.FINE
    resources: list[tuple[str, str, bool]] = field(default_factory=list)
    """Type, logical name, and whether a provider makes it (else it is a component, or the stack itself)."""
    judgement: judging.Judgement = field(default_factory=judging.Judgement)
    warnings: list[str] = field(default_factory=list)
    claims: list[uniqueness.Claim] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Sentences about what would outlive its removal."""
    manifests: int = 0
    failure: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    """Processor time by part, `programs`, `verdicts`, `manifests`."""


def with_images(repository: Path, name: str) -> tuple[Environment, dict[str, str]]:
    """The environment, with placeholders for images that nobody has built yet, and what manifests show for those.

    Raises ConfigRefused.
    """
    try:
        environment = unbuilt.environment(repository, name)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    return environment, unbuilt.shown(environment)


def render(plan: Plan, stack: Stack) -> Rendered:
    """Renders a stack; a program that refuses or breaks is part of the answer."""
    found = Rendered(stack.name, stack.project)
    clock = Clock(found.seconds)
    try:
        recording = recorded(plan, stack)
    except (ConfigError, Refusal, pulumi.RunError) as refusal:
        found.code, found.failure = Code.REFUSED, str(refusal)
        return found
    except Exception:  # noqa: BLE001 - whatever a program raises is told as this stack's failure, others go on
        found.code, found.failure = Code.FAILED, traceback.format_exc()
        return found
    clock.ends("programs")
    found.resources = [(made.type, made.name, made.custom) for made in recording.registrations]
    found.judgement = judging.judge(recording, RULES, plan.policy_config)
    clock.ends("verdicts")
    found.warnings = list(dict.fromkeys(recording.warnings))
    found.claims = uniqueness.claims(recording)
    found.kept = list(kept(recording))
    found.manifests = manifests.write(plan.out, recording, plan.placeholders)
    clock.ends("manifests")
    if found.judgement.refused or found.kept:
        found.code = Code.REFUSED
    return found


def recorded(plan: Plan, stack: Stack) -> Recording:
    """What a stack's program registers. No secret is read: rules and manifests get a placeholder's."""
    environment = plan.environment
    if stack == environment_stack(plan.name):
        return record(
            lambda: infra.program.deploy(environment, plan.name, _secret(), _secret(), _secret()),
            stack.project,
            stack.name,
        )
    id_ = stack.name.removesuffix(f".{plan.name}")
    campaign = config.load_campaign(plan.repository, id_, plan.name)
    lease = config.check_campaign(campaign, stack.name, environment, config.campaign_file(id_, plan.name))
    recording = record(
        lambda: campaigns.program.deploy(environment, plan.name, campaign, lease, _secret(), manifests.SECRET),
        stack.project,
        stack.name,
        # Nobody is asked what is deployed, so addresses are unknown; the program's warning about that is not news.
        {"lanes": {}, "leases": {}, "store_access": {id_: dict.fromkeys(store_access.FILES, manifests.SECRET)}},
    )
    unasked = undeployed(id_, lease, plan.name, {}, {})
    recording.warnings = [warning for warning in recording.warnings if warning != unasked]
    return recording


def _secret() -> pulumi.Output[str]:
    return pulumi.Output.secret(manifests.SECRET)
