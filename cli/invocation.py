"""What every command begins with: the repository that it is about, its environment, and Pulumi for that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli import lab_commands
from cli.engine import Engine, variables_with
from cli.outcome import ConfigRefused
from cli.output import Output
from lab import settings
from warmlane import config
from warmlane.environment import Environment
from warmlane.errors import ConfigError

INSTALLED = Path(__file__).resolve().parent.parent
"""The repository that the command was installed from."""


@dataclass
class Invocation:
    """What every command gets from the command line's beginning."""

    repository: Path
    output: Output


def repository_around(place: Path) -> Path | None:
    """The repository that a directory lies in; None when it lies in none."""
    for directory in (place, *place.parents):
        if (directory / "Pulumi.yaml").exists() and (directory / config.CAMPAIGNS_DIRECTORY).is_dir():
            return directory
    return None


def lab_exports() -> dict[str, str]:
    """The lab's environment variables. Raises WorldFailed when this clone's lab does not run.

    Imported here, as another cluster's commands need nothing of the lab.
    """
    from lab import environment

    with lab_commands.lab_failures():
        return environment.exports()


def engine_of(invocation: Invocation, environment: Environment, name: str) -> Engine:
    """Pulumi for an environment; the lab's exports join only where its cluster is the lab's."""
    lab = lab_exports() if environment.cluster.context == settings.KUBE_CONTEXT else {}
    return Engine(invocation.repository, name, variables_with(lab))


def committed(repository_: Path, name: str, with_images: bool = False) -> Environment:
    """The environment as it is committed; images must be there only for what runs its program."""
    try:
        return (config.load_environment if with_images else config.read_environment)(repository_, name)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
