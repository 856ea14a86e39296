"""The containers of Warmlane's pods: whose image, which command, which variables, and what a sender's have mounted.

A pod's labels and account tell which pod it is; what runs in it is told by these alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warmlane import names, sizing
from warmlane.handover import EXPORTED_DIRECTORY
from warmlane.sender_config import CONFIG_DIRECTORY, IDENTITY_DIRECTORY, SPOOL_DIRECTORY


@dataclass(frozen=True)
class Mounted:
    """The volume that a container has at a path: `source` and `name` of the object, whose field is `key`."""

    source: str
    key: str = ""
    name: str = ""
    may_be_missing: bool = False


@dataclass(frozen=True)
class Container:
    """A container. `image` is a key of `images` in the environment's config.

    `command` and `variables` (`NAME=value`) are regular expressions that match a whole word each. `mounts` are all of
    its paths with a volume, None where another rule judges which; without the list nothing is said of them.
    """

    name: str
    image: str
    command: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    mounts: Mapping[str, Mounted | None] | None = None


MOUNTS: Mapping[str, Mounted | None] = {
    # spool-stated
    SPOOL_DIRECTORY: None,
    EXPORTED_DIRECTORY: None,
    # sender-configured
    CONFIG_DIRECTORY: None,
    IDENTITY_DIRECTORY: Mounted("configMap", "name", names.SENDER_IDENTITY_CONFIG_MAP),
    "/var/log/warmlane": Mounted("emptyDir"),
}
"""What both containers of a sender have."""
POSTFIX_MOUNTS = {
    "/run/warmlane": Mounted("emptyDir"),
    "/etc/warmlane/submission": Mounted("secret", "secretName", names.SUBMISSION_SECRET),
}
GATE_MOUNTS = {
    "/etc/warmlane/store": Mounted("secret", "secretName", names.SENDER_STORE_SECRET),
    "/etc/warmlane/hold": Mounted("configMap", "name", names.SENDER_HOLD_CONFIG_MAP, may_be_missing=True),
}

SENDER = (
    Container(
        sizing.POSTFIX,
        "sender",
        ("warmlane-postfix",),
        ("CAMPAIGN_ID=[a-z0-9-]+",),
        mounts={**MOUNTS, **POSTFIX_MOUNTS},
    ),
    Container(sizing.GATE, "sender", ("warmlane-gate",), mounts={**MOUNTS, **GATE_MOUNTS}),
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
