"""Reads and judges the committed configuration: one error with every problem, before any resource exists."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from warmlane import names
from warmlane.base import Model
from warmlane.campaign import Campaign
from warmlane.consistency import environment_problems
from warmlane.environment import Environment, Images, Lease, LeaseState
from warmlane.errors import ConfigError, Problem
from warmlane.validation import problems, rename, show

ENVIRONMENT_KEY = "warmlane:environment"
CAMPAIGN_KEY = "warmlane:campaign"
CAMPAIGNS_DIRECTORY = "campaigns"

Parsed = TypeVar("Parsed", bound=Model)


def parse_environment(data: object, file: str) -> Environment:
    """The environment in `data`, the value of `warmlane:environment`. Raises ConfigError with every problem."""
    return _parse(Environment, data, file, environment_problems(data))


def parse_campaign(data: object, file: str) -> Campaign:
    """The campaign in `data`, the value of `warmlane:campaign`. Raises ConfigError with every problem."""
    return _parse(Campaign, data, file, [])


def _parse(model: type[Parsed], data: object, file: str, more: list[Problem]) -> Parsed:
    try:
        parsed = model.model_validate(data)
    except ValidationError as error:
        found = problems(error, model)
        known = {problem.key for problem in found}
        raise ConfigError(file, [*found, *(problem for problem in more if problem.key not in known)]) from None
    if more:
        raise ConfigError(file, more)
    return parsed


def environment_file(environment: str) -> str:
    """The stack file of an environment, relative to the repository."""
    return f"Pulumi.{environment}.yaml"


def campaign_file(campaign: str, environment: str) -> str:
    """The stack file of a campaign, relative to the repository."""
    return f"{CAMPAIGNS_DIRECTORY}/Pulumi.{names.campaign_stack(campaign, environment)}.yaml"


def read_environment(repository: Path, name: str) -> Environment:
    """The environment `name` as it is committed, whether or not its images exist. Raises ConfigError."""
    file = environment_file(name)
    return parse_environment(_value(repository, file, ENVIRONMENT_KEY), file)


def load_environment(repository: Path, name: str) -> Environment:
    """The environment `name` with its images. Raises ConfigError, also when the images have not been built."""
    file = environment_file(name)
    environment = read_environment(repository, name)
    if environment.images_file is not None:
        images = _images(repository, str(environment.images_file), file)
        return environment.model_copy(update={"images": images})
    if environment.images is None:
        missing = Problem("images", "", "name the environment's images by digest; `warmlane images push` writes them")
        raise ConfigError(file, [missing])
    return environment


def load_campaign(repository: Path, campaign: str, environment: str) -> Campaign:
    """The campaign of the stack `<campaign>.<environment>`. Raises ConfigError."""
    file = campaign_file(campaign, environment)
    return parse_campaign(_value(repository, file, CAMPAIGN_KEY), file)


def campaign_stacks(repository: Path, environment: str) -> list[str]:
    """Ids of the campaigns that have a stack file in an environment, sorted."""
    prefix, suffix = "Pulumi.", f".{environment}.yaml"
    found = (repository / CAMPAIGNS_DIRECTORY).glob(f"{prefix}*{suffix}")
    return sorted(path.name[len(prefix) : -len(suffix)] for path in found if len(path.name) > len(prefix + suffix))


def check_campaign(campaign: Campaign, stack: str, environment: Environment, file: str) -> Lease:
    """The lease of a campaign, once campaign, stack and environment agree. Raises ConfigError where they do not."""
    found = list[Problem]()
    expected, _, environment_name = stack.partition(".")
    if campaign.id != expected:
        found.append(
            Problem("id", show(campaign.id), f"it must be {expected}, the first part of the stack's name {stack}")
        )
    for index, producer in enumerate(campaign.producers):
        if producer.namespace == environment.cluster.dns_namespace:
            text = "the cluster's own namespace holds no producers; give them a namespace of their own"
            found.append(Problem(f"producers.{index}.namespace", show(producer.namespace), text))
    lease = environment.leases.get(campaign.id)
    if lease is None:
        held = {other.lane for other in environment.leases.values()}
        free = [lane for lane in environment.lanes if lane not in held]
        lanes = f"free lanes: {', '.join(free)}" if free else "no lane is free, so add one"
        where = (
            f"leases.{campaign.id} to {environment_file(environment_name)}"
            if environment_name
            else f"leases.{campaign.id}"
        )
        found.append(Problem("id", show(campaign.id), f"this campaign holds no lane: add {where} ({lanes})"))
    elif lease.state is LeaseState.ENDING:
        text = (
            f"its lease of {lease.lane} is ending (leases.{campaign.id}.state in "
            f"{environment_file(environment_name)}), so it is not deployed again: run "
            f"`warmlane destroy -e {environment_name} --campaign {campaign.id}`, then remove the lease and this file"
        )
        found.append(Problem("id", show(campaign.id), text))
    if found or lease is None:
        raise ConfigError(file, found)
    return lease


def _images(repository: Path, images_file: str, file: str) -> Images:
    try:
        data = json.loads((repository / images_file).read_text())
    except FileNotFoundError:
        advice = (
            "the file does not exist yet: `make up` builds the lab's images and writes it, `warmlane images push` "
            "does so elsewhere"
        )
        raise ConfigError(file, [Problem("images_file", show(images_file), advice)]) from None
    except ValueError:
        raise ConfigError(
            images_file, [Problem("", "(not JSON)", "delete the file; `make up` writes it again")]
        ) from None
    try:
        return Images.model_validate(data)
    except ValidationError as error:
        raise ConfigError(images_file, rename(problems(error, Images), "images")) from None


class _Loader(yaml.CSafeLoader):
    """YAML in which a key stands once: with YAML's own rule the last one would win without a word."""


def _unique_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen = set[object]()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key} stands here a second time", problem_mark=key_node.start_mark
            )
        seen.add(key)
    mapping: dict[Hashable, Any] = loader.construct_mapping(node, deep=True)
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def _value(repository: Path, file: str, key: str) -> object:
    """What stands in a stack file under a config key."""
    try:
        document = yaml.load((repository / file).read_text(), Loader=_Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        siblings = sorted(path.name for path in (repository / file).parent.glob("Pulumi.*.yaml"))
        raise ConfigError(
            file, [Problem("", "", f"there is no such file; found {', '.join(siblings) or 'none'}")]
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        text = f"{place}{getattr(error, 'problem', None) or error}"
        raise ConfigError(file, [Problem("", "(not valid YAML)", text)]) from None
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping) or key not in config:
        raise ConfigError(
            file, [Problem(f"config.{key}", "", "write it; the schema named in the file's first line says how")]
        )
    return config[key]
