"""The committed configuration, as a Pulumi program reads it.

Both programs read the same files, so who holds which lane is known before anything is deployed. What the engine was
given for its own stack must agree with the file: an override on the command line would reach one program and not the
other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pulumi

from warmlane import config, lane_history, reflection
from warmlane.base import Model
from warmlane.campaign import Campaign
from warmlane.environment import Environment, Lease
from warmlane.errors import ConfigError, Problem

REPOSITORY = Path(__file__).resolve().parent.parent


def environment_of_stack(name: str, repository: Path = REPOSITORY) -> Environment:
    """The environment that the stack `name` is. Raises ConfigError."""
    environment = config.load_environment(repository, name)
    file = config.environment_file(name)
    images = {"images": environment.images} if environment.images_file else {}
    _agree(
        "environment", environment, lambda data: config.parse_environment(data, file).model_copy(update=images), file
    )
    return environment


def campaign_of_stack(stack: str, repository: Path = REPOSITORY) -> tuple[str, Environment, Campaign, Lease]:
    """Environment's name, environment, campaign and lease of `<campaign>.<environment>`. Raises ConfigError."""
    campaign_id, dot, environment_name = stack.partition(".")
    if not (campaign_id and dot and environment_name):
        advice = "a campaign's stack is named <campaign>.<environment>, such as spring-sale.dev"
        raise ConfigError("campaigns/", [Problem("stack", stack, advice)])
    file = config.campaign_file(campaign_id, environment_name)
    campaign = config.load_campaign(repository, campaign_id, environment_name)
    _agree("campaign", campaign, lambda data: config.parse_campaign(data, file), file)
    environment = config.load_environment(repository, environment_name)
    return environment_name, environment, campaign, config.check_campaign(campaign, stack, environment, file)


def adopted_until(environment: Environment, repository: Path = REPOSITORY) -> date | None:
    """The last day on which adopted addresses sent, where the environment has a file for it; None before it is written.

    Raises ConfigError for a file that is not sound.
    """
    file = environment.adopted_file
    if file is None or not (repository / file).exists():
        return None
    return lane_history.adopted_until((repository / file).read_text(), str(file))


def reflector_key(environment: Environment, repository: Path = REPOSITORY) -> str:
    """The public key of the environment's reflector, 32 octets in base64.

    Raises ConfigError when the file that should hold it is missing or holds no key.
    """
    reflector = environment.reflector
    if reflector.public_key_file is None:
        return str(reflector.public_key)
    file = str(reflector.public_key_file)
    try:
        text = (repository / file).read_text().strip()
        reflection.public_key(text)
    except (OSError, ValueError):
        advice = "`make up` writes the lab's; elsewhere write the key under reflector.public_key"
        raise ConfigError(file, [Problem("", "(no public key)", advice)]) from None
    return text


def _agree(key: str, committed: Model, parse: Callable[[object], Model], file: str) -> None:
    given = pulumi.Config("warmlane").get_object(key)
    if given is not None and parse(given) != committed:
        advice = f"it differs from {file}, which both programs read; change that file, not --config or --config-file"
        raise ConfigError(file, [Problem("", "(given to pulumi)", advice)])


def or_refusal(deploy: Callable[[], None]) -> None:
    """Runs a program; refused configuration ends it with its own text instead of a traceback."""
    try:
        deploy()
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
