"""How much an account may have, as settings with AWS' defaults."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path


class QuotaError(ValueError):
    """A quota file that can't be used: an unknown name, or a value that is no whole number from 0 up."""


@dataclass(frozen=True)
class Quotas:
    """Counts per account and Region. Source: "Amazon VPC quotas" in the Amazon VPC User Guide, read 2026-11."""

    addresses_per_region: int = 5
    nat_gateways_per_zone: int = 5
    """Pending, available and deleting gateways count; failed and deleted ones don't."""
    subnets_per_vpc: int = 200
    vpcs_per_region: int = 5
    internet_gateways_per_region: int = 5
    route_tables_per_vpc: int = 200


def parse(data: object, origin: str) -> Quotas:
    """Quotas from a JSON object that names some of them; the others keep AWS' defaults. Raises QuotaError."""
    names = [field.name for field in fields(Quotas)]
    if not isinstance(data, dict):
        raise QuotaError(f"{origin}: expected an object with some of {', '.join(names)}.")
    problems = [f"{name} is not a quota" for name in data if name not in names]
    problems += [
        f"{name}: {value!r} is not a whole number from 0 up"
        for name, value in data.items()
        if name in names and (not isinstance(value, int) or isinstance(value, bool) or value < 0)
    ]
    if problems:
        raise QuotaError(f"{origin}: {'; '.join(problems)}. Allowed: {', '.join(names)}.")
    return Quotas(**{**asdict(Quotas()), **data})


def load(path: Path | None) -> Quotas:
    """AWS' defaults, or what the JSON file at `path` changes. Raises QuotaError."""
    if path is None:
        return Quotas()
    try:
        return parse(json.loads(path.read_text()), str(path))
    except (OSError, json.JSONDecodeError) as problem:
        raise QuotaError(f"{path}: {problem}") from problem
