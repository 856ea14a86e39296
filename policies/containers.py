"""The containers of Warmlane's pods: whose image, which command, which variables.

A pod's labels, account and mounts tell which pod it is; what runs in it is told by these alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from warmlane import names, sizing


@dataclass(frozen=True)
class Container:
    """A container. `image` is a key of `images` in the environment's config.

    `command` and `variables` (`NAME=value`) are regular expressions that match a whole word each.
    """

    name: str
    image: str
    command: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


SENDER = (
    Container(sizing.POSTFIX, "sender", ("warmlane-postfix",), ("CAMPAIGN_ID=[a-z0-9-]+",)),
    Container(sizing.GATE, "sender", ("warmlane-gate",)),
)
"""A campaign's pod."""

PLATFORM: dict[tuple[str, str], tuple[Container, ...]] = {
    (names.PLATFORM_NAMESPACE, names.STORE): (
        Container("postgresql", "postgresql", ("/usr/local/bin/warmlane-store",)),
        Container("keeper", "sender", ("warmlane-keeper",)),
    ),
    (names.MONITORING_NAMESPACE, "prometheus"): (
        Container(
            "prometheus",
            "prometheus",
            (
                "/usr/bin/prometheus",
                "--config.file=/etc/prometheus/config/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                r"--storage.tsdb.retention.time=\d+d",
                r"--web.listen-address=:\d+",
            ),
        ),
    ),
    (names.MONITORING_NAMESPACE, "alertmanager"): (
        Container(
            "alertmanager",
            "alertmanager",
            (
                "/usr/bin/prometheus-alertmanager",
                "--config.file=/etc/alertmanager/config/alertmanager.yml",
                "--storage.path=/alertmanager",
                r"--web.listen-address=:\d+",
                "--cluster.listen-address=",
            ),
        ),
    ),
    (names.MONITORING_NAMESPACE, "grafana"): (
        Container(
            "grafana",
            "grafana",
            variables=(
                "GF_SECURITY_ADMIN_PASSWORD__FILE=/etc/grafana/admin/password",
                "GF_PATHS_DATA=/var/lib/grafana",
                "GF_(ANALYTICS|USERS)_[A-Z_]+=false",
            ),
        ),
    ),
}
"""By namespace and name of a workload of the environment, its containers."""
