"""The Pulumi stacks of a repository, and which of them a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cli.outcome import ConfigRefused, Misused
from warmlane import config, names
from warmlane.campaign import Campaign
from warmlane.environment import Environment, LeaseState
from warmlane.errors import ConfigError


@dataclass(frozen=True)
class Stack:
    """A stack of one of the two projects. `directory` is relative to the repository; `root` leads back from there."""

    project: str
    name: str
    directory: str
    root: str

    @property
    def file(self) -> str:
        """The stack file, relative to the repository."""
        return str(Path(self.directory) / f"Pulumi.{self.name}.yaml")

    @property
    def pack(self) -> list[str]:
        """Options that put the policy pack, which finds its config by the stack's name, before a preview or update.

        Relative, as the state would otherwise show where a clone lies.
        """
        return ["--policy-pack", str(Path(self.root) / "policies")]


def environment_stack(environment: str) -> Stack:
    """The stack that is the environment."""
    return Stack(names.ENVIRONMENT_PROJECT, environment, ".", ".")


def campaign_stack(campaign: str, environment: str) -> Stack:
    """The stack of a campaign."""
    return Stack(names.CAMPAIGN_PROJECT, names.campaign_stack(campaign, environment), config.CAMPAIGNS_DIRECTORY, "..")


@dataclass(frozen=True)
class Selection:
    """What a command is about: the environment's own stack or not, and campaigns by id."""

    environment: str
    with_environment: bool
    campaigns: tuple[str, ...]

    @property
    def campaign_stacks(self) -> list[Stack]:
        """The campaigns' stacks."""
        return [campaign_stack(campaign, self.environment) for campaign in self.campaigns]

    def without_ending(self, environment: Environment) -> tuple[Selection, list[str]]:
        """What of it is deployed, and a sentence for each campaign that `--all` leaves out as its lease is ending.

        A campaign that is named stays: its deploy is refused.
        """
        if not self.with_environment:
            return self, []
        leases = environment.leases
        ending = [id_ for id_ in self.campaigns if id_ in leases and leases[id_].state is LeaseState.ENDING]
        told = [
            f"{id_} is left out, as its lease of {leases[id_].lane} is ending: it waits for "
            f"`warmlane destroy -e {self.environment} --campaign {id_}`."
            for id_ in ending
        ]
        return replace(self, campaigns=tuple(id_ for id_ in self.campaigns if id_ not in ending)), told


def selected(repository: Path, environment: str, campaigns: Sequence[str], everything: bool) -> Selection:
    """No campaign: the environment. Campaigns: those alone. `everything`: the environment and all its campaigns."""
    if campaigns and everything:
        raise Misused("--all and --campaign exclude each other.", "Give one of them.")
    environments = sorted(path.name.split(".")[1] for path in repository.glob("Pulumi.*.yaml"))
    if environment not in environments:
        there = ", ".join(environments) or "none"
        raise Misused(
            f"There is no environment {environment}: its file would be {config.environment_file(environment)}.",
            f"Name one that exists with --environment ({there}).",
        )
    known = config.campaign_stacks(repository, environment)
    unknown = [campaign for campaign in campaigns if campaign not in known]
    if unknown:
        files = ", ".join(config.campaign_file(campaign, environment) for campaign in unknown)
        raise Misused(
            f"There is no such campaign in {environment}: {', '.join(unknown)} (no file {files}).",
            f"Campaigns of {environment}: {', '.join(known) or 'none'}. A new one needs its stack file; see README.md.",
        )
    asked = tuple(known) if everything else tuple(dict.fromkeys(campaigns))
    return Selection(environment, everything or not campaigns, asked)


def validated(repository: Path, selection: Selection) -> tuple[Environment, dict[str, Campaign]]:
    """The environment and the asked campaigns that are deployed, judged together.

    Raises ConfigRefused with all problems of all files.
    """
    errors = list[ConfigError]()
    environment: Environment | None = None
    campaigns = dict[str, Campaign]()
    try:
        environment = config.load_environment(repository, selection.environment)
        selection, _ = selection.without_ending(environment)
    except ConfigError as error:
        errors.append(error)
    for id_ in selection.campaigns:
        try:
            campaign = config.load_campaign(repository, id_, selection.environment)
            if environment is not None:
                stack = names.campaign_stack(id_, selection.environment)
                config.check_campaign(campaign, stack, environment, config.campaign_file(id_, selection.environment))
            campaigns[id_] = campaign
        except ConfigError as error:
            errors.append(error)
    if errors or environment is None:
        raise ConfigRefused(errors)
    return environment, campaigns
