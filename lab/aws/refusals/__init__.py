"""What AWS refuses, one row each; moto alone would let most of it pass, or answer it otherwise."""

from __future__ import annotations

from lab.aws.refusals import addresses, nat_gateways, node_groups, routes, vpcs, zones
from lab.aws.refusals.row import Call, Refusal

TABLE: tuple[Refusal, ...] = (
    *addresses.ROWS,
    *nat_gateways.ROWS,
    *vpcs.ROWS,
    *routes.ROWS,
    *zones.ROWS,
    *node_groups.ROWS,
)

__all__ = ["TABLE", "Call", "Refusal"]
