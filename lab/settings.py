"""Addresses, paths and versions of the lab, in one place.

Addresses are documentation ranges (RFC 5737), so that nothing of the lab can be mistaken for a real network: TEST-NET-2
for the node and the elastic addresses, TEST-NET-3 for "outside". Both exist only inside the lab's namespaces.
The management link is the one that the machine itself has, so it lies in the range for benchmarks of network devices
(RFC 2544), which machines use least: virtual machines were seen whose own address is in TEST-NET-1.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("WARMLANE_CACHE") or Path.home() / ".cache" / "warmlane")
"""Built tools and images, keyed by version; shared by clones, safe to delete."""

STATE = Path("/var/lib/warmlane-lab")
"""State of the one running lab: etcd, containerd, kubelet, Pulumi's backend, keys. Removed by `lab down`."""
RUN = Path("/run/warmlane-lab")
"""Sockets, pid files, bpffs and cgroup mounts of the running lab."""
LOGS = STATE / "logs"
HOLDER = STATE / "holder.json"
"""Which clone holds the lab, and every process that it started (pid and start time)."""

REQUIRE_LAB = "WARMLANE_REQUIRE_LAB"
"""Environment variable: `1`, and nothing else, says that this clone must have the lab. Then `up` takes it from another
clone, and a test run that can't have it fails."""

LOCAL = REPOSITORY / ".lab"
"""Files of this clone that git ignores: secrets.json, images.json, adopted.json, reflector.pub."""
IMAGES_FILE = LOCAL / "images.json"
SECRETS_FILE = LOCAL / "secrets.json"
ADOPTED_FILE = LOCAL / "adopted.json"
REFLECTOR_FILE = LOCAL / "reflector.pub"

AWS_QUOTAS = STATE / "aws-quotas.json"
"""Quotas of the lab's AWS account that differ from AWS' defaults, by name (`lab/aws/quotas.py`)."""

KUBECONFIG = STATE / "kubeconfig"
KUBE_CONTEXT = "warmlane-lab"
PULUMI_BACKEND = STATE / "pulumi"
PASSPHRASE = "warmlane-lab"
"""Public: the lab's stacks hold no secret that matters. Stacks of a real environment have a passphrase of their own."""

NODE_NETNS = "warmlane-node"
ROUTER_NETNS = "warmlane-router"
OUTSIDE_NETNS = "warmlane-outside"

MANAGEMENT_NETWORK = IPv4Network("198.18.77.0/30")
MANAGEMENT_MACHINE = IPv4Address("198.18.77.1")
MANAGEMENT_NODE = IPv4Address("198.18.77.2")

NODE_NETWORK = IPv4Network("198.51.100.0/24")
NODE_ROUTER = IPv4Address("198.51.100.1")
NODE_ADDRESS = IPv4Address("198.51.100.2")
ELASTIC_RANGE = (IPv4Address("198.51.100.16"), IPv4Address("198.51.100.239"))
LOAD_BALANCER_RANGE = (IPv4Address("198.51.100.240"), IPv4Address("198.51.100.254"))

OUTSIDE_NETWORK = IPv4Network("203.0.113.0/24")
OUTSIDE_ROUTER = IPv4Address("203.0.113.1")
OUTSIDE_HOST = IPv4Address("203.0.113.2")
OUTSIDE_REFLECTOR = IPv4Address("203.0.113.24")
OUTSIDE_DNS = IPv4Address("203.0.113.53")

POD_NETWORK = IPv4Network("10.244.0.0/16")
SERVICE_NETWORK = IPv4Network("10.96.0.0/16")
KUBERNETES_SERVICE = IPv4Address("10.96.0.1")
CLUSTER_DNS = IPv4Address("10.96.0.10")
NODE_NAME = "warmlane-lab"
API_SERVER = f"https://{MANAGEMENT_NODE}:6443"

DOMAIN = "warmlane.test"
AWS_ENDPOINT = "http://127.0.0.1:5566"
AWS_REGION = "us-east-1"
HOSTED_ZONE = "Z0WARMLANELAB"

DECOY_ADDRESSES = (IPv4Address("169.254.169.254"), IPv4Address("192.168.77.1"))
"""Addresses outside that no sender may reach; listeners there are the positive controls of the packet tests."""
DECOY_PORTS = (25, 80, 443)

RECEIVERS: dict[str, IPv4Address] = {
    "alder-mail.test": IPv4Address("203.0.113.25"),
    "beech-mail.test": IPv4Address("203.0.113.26"),
}
"""Mailbox domains that the demo and `make up` send to, each with an MX of its own, and that MX' address."""


@dataclass(frozen=True)
class MailboxProvider:
    """A simulated mailbox provider: the host name and address of its one MX, and the domains behind it."""

    mx: str
    address: IPv4Address
    domains: tuple[str, ...]


def _domains(parent: str) -> tuple[str, ...]:
    return tuple(f"d{number:03}.{parent}" for number in range(200))


PROVIDERS: dict[str, MailboxProvider] = {
    "alder": MailboxProvider("mx.alder-mail.test", RECEIVERS["alder-mail.test"], ("alder-mail.test",)),
    "beech": MailboxProvider("mx.beech-mail.test", RECEIVERS["beech-mail.test"], ("beech-mail.test",)),
    "gmail": MailboxProvider("mx.lab.google.com", IPv4Address("203.0.113.27"), _domains("gmail.test")),
    "microsoft": MailboxProvider("mx.lab.outlook.com", IPv4Address("203.0.113.28"), _domains("microsoft.test")),
    "yahoo": MailboxProvider("mx.lab.yahoodns.net", IPv4Address("203.0.113.29"), _domains("yahoo.test")),
}
"""Every mailbox provider of the outside, by its name in a scenario. The sender tells providers by their MX' suffix, so
three MXes have a host name below a real one's suffix; only the lab's own DNS knows these names."""

RECEIVED = STATE / "received.jsonl"
"""One JSON line for each message that a receiver took; its fields are those of `lab.receivers.Receipt`."""
REFUSED = STATE / "refused.jsonl"
"""One JSON line for each refusal of a receiver; its fields are those of `lab.receivers.Refusal`."""
SCENARIO = STATE / "scenario.yaml"
"""How the providers behave; where it is missing, as `lab/receivers/scenarios/default.yaml` says."""
SCENARIO_TAKEN = STATE / "scenario-taken.json"
"""Which version of SCENARIO the receivers go by, written by them."""
MX_AUTHORITY = STATE / "mx-authority.crt"
"""The certificate of the authority behind the MXes' certificates, made anew whenever the receivers start."""


def lab_required() -> bool:
    """Whether this clone must have the machine's lab."""
    return os.environ.get(REQUIRE_LAB) == "1"
