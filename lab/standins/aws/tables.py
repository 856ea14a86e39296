"""Every resource type that the provider knows."""

from __future__ import annotations

from lab.standins.aws import ec2_addresses, ec2_networks, ec2_routes, eks, route53
from lab.standins.aws.rows import ResourceType

TABLE: dict[str, ResourceType] = {
    row.token: row for row in (*ec2_addresses.ROWS, *ec2_networks.ROWS, *ec2_routes.ROWS, *eks.ROWS, *route53.ROWS)
}
