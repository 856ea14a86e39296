"""What two environments can't both have. A run sees one of them, so what is committed for all is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cli.render.uniqueness import Claim
from warmlane import config, names
from warmlane.environment import CiliumGateway, Environment
from warmlane.errors import ConfigError

SHOWN = 4
"""Values of one kind that a sentence names."""


def clashes(repository: Path, name: str, environment: Environment) -> list[str]:
    """A sentence for each kind of thing that an environment shares with another one of the repository.

    One that can't be read is passed over: its own render refuses it.
    """
    own = dict.fromkeys(_claims(environment))
    return [
        text
        for other, found in _others(repository, name).items()
        for text in _told(sorted((name, other)), [claim for claim in _claims(found) if claim in own])
    ]


def _others(repository: Path, name: str) -> Mapping[str, Environment]:
    found = dict[str, Environment]()
    for other in sorted(file.name.split(".")[1] for file in repository.glob("Pulumi.*.yaml")):
        try:
            if other != name:
                found[other] = config.read_environment(repository, other)
        except ConfigError:
            continue
    return found


def _claims(environment: Environment) -> Iterator[Claim]:
    cluster, egress = environment.cluster.context, environment.egress
    spaces = [names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE, *map(names.namespace, environment.leases)]
    yield from (Claim(f"namespaces of the cluster {cluster}", space) for space in spaces)
    for id_, lane in environment.lanes.items():
        yield Claim("lanes' host names", names.lane_host(id_, environment.domain))
        if lane.address:
            yield Claim("lanes' addresses", str(lane.address))
        if lane.private_address and isinstance(egress, CiliumGateway):
            where = egress.network_interface_id or cluster
            yield Claim(f"private addresses on {where}", str(lane.private_address))


def _told(pair: list[str], shared: list[Claim]) -> Iterator[str]:
    for what in dict.fromkeys(claim.what for claim in shared):
        values = [claim.value for claim in shared if claim.what == what]
        more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
        yield (
            f"The environments {' and '.join(pair)} share {what}: {', '.join(values[:SHOWN])}{more}. Give one of them "
            "another cluster context, domain or address: each would undo what the other deploys."
        )
