"""Random environments but for lanes' histories and leases: cluster, networks, egress, platform."""

from __future__ import annotations

from ipaddress import IPv4Network

from tests.policies.configurations.deck import Decks
from tests.policies.configurations.shapes import DOMAIN, Document, Shape, domain, given, mailbox, pod_labels
from warmlane.environment import Environment
from warmlane.spool_volumes import AccessMode

ZONES = ["eu-central-1a", "eu-central-1b"]
INTERFACE = "eni-0123456789abcdef0"
DIGEST = "@sha256:" + "ab" * 32
IMAGES = {name: f"registry.example/{name}{DIGEST}" for name in ("sender", "prometheus", "alertmanager", "postgresql")}
IMAGES_FILE = ".lab/images.json"
LANE_NETWORKS = [str(network) for network in IPv4Network("10.192.0.0/10").subnets(new_prefix=16)]
"""Where lanes' subnets come from, one each."""
LONGEST_DOMAIN = min(
    limit.max_length for limit in Environment.model_fields["domain"].metadata if hasattr(limit, "max_length")
)


def environment(decks: Decks, shape: Shape) -> tuple[Document, Document | None]:
    """An environment without lanes, and the images that its images file holds, if it names one."""
    found: Document = {
        "domain": decks.deal("domain", [DOMAIN, "a.example", domain(LONGEST_DOMAIN)]),
        "deliverability_contact": mailbox(decks, "deliverability_contact"),
        "cluster": _cluster(decks, shape),
        "egress": _egress(decks, shape),
        "store": {"mode": "bundled"},
        "reflector": _reflector(decks),
        "monitoring": {"mode": "bundled"},
        "feedback": "none",
    }
    if shape.aws:
        found["aws"] = {"region": decks.deal("region", ["eu-central-1", "us-gov-west-1"]), "zone_id": "Z0EXAMPLE"}
        given(decks, found["aws"], "aws.endpoint", "http://127.0.0.1:5566")
    for part in ("store", "monitoring"):
        given(decks, found[part], f"{part}.storage_class", "local")
        given(decks, found[part], f"{part}.storage", "1Mi", "50Gi", "16Ti")
    given(decks, found["monitoring"], "monitoring.retention_days", 1, 90)
    given(decks, found["store"], "store.suppression_keys", ["1"], ["2", "1"])
    given(decks, found, "secrets_file", ".lab/secrets.json")
    given(decks, found, "adopted_file", ".lab/adopted.json")
    if decks.often("spool", 3, 4):
        found["spool"] = _spool(decks, shape)
    images = {**IMAGES, **({"grafana": f"registry.example/grafana{DIGEST}"} if decks.often("grafana", 1, 2) else {})}
    where = decks.deal("images", ["written", "in a file", "in a file that is not there", "nowhere"])
    if where == "written":
        found["images"] = images
    elif where != "nowhere":
        found["images_file"] = IMAGES_FILE
    return found, images if where == "in a file" else None


def _spool(decks: Decks, shape: Shape) -> Document:
    found: Document = {}
    given(decks, found, "spool.storage_class", "gp3")
    given(decks, found, "spool.storage", "1Gi", "9999Ti")
    if decks.often("spool.exported", 3, 4):
        found["exported"] = {}
        given(decks, found["exported"], "exported.storage_class", "efs")
        given(decks, found["exported"], "exported.storage", "1Gi", "9999Ti")
        # A lane of nat_gateway has two nodes, and the model refuses it a volume for one.
        modes = [AccessMode.MANY_NODES] if shape.strategy == "nat_gateway" else [*AccessMode]
        given(decks, found["exported"], f"{shape.strategy}.access_mode", *(mode.value for mode in modes))
    return found


def _reflector(decks: Decks) -> Document:
    found: Document = {"address": "203.0.113.24"}
    if decks.often("reflector.public_key_file", 1, 2):
        return found | {"public_key_file": ".lab/reflector.pub"}
    return found | {"public_key": "A" * 43 + "="}


def _cluster(decks: Decks, shape: Shape) -> Document:
    networks: Document = {
        "pods": decks.deal("pods", [["10.0.0.0/9"], ["100.64.0.0/10"], ["10.4.0.0/24", "10.5.0.0/16"]]),
        "services": decks.deal("services", [["172.20.0.0/16"], ["192.168.0.0/24", "198.18.0.0/30"]]),
        "nodes": decks.deal("nodes", [["198.51.100.0/24"], ["192.0.2.0/25", "192.0.2.255/32"]]),
    }
    # Where a VPC is named, lanes' subnets lie in it.
    given(decks, networks, "networks.vpc", [], ["10.128.0.0/9"], ["10.192.0.0/10", "203.0.112.0/24"])
    found: Document = {"context": decks.deal("context", ["lab", "c"]), "cni": shape.cni, "networks": networks}
    given(decks, found, "cluster.dns_namespace", "dns")
    given(decks, found, "cluster.dns_labels", {"k8s-app": "coredns"}, {"k8s-app": "dns", "tier": "node"})
    given(decks, found, "cluster.user_namespaces", True, False)
    if shape.strategy == "nat_gateway" or decks.often("eks", 1, 3):
        found["eks_cluster_name"] = "mail"
        found["node_role_arn"] = "arn:aws:iam::111122223333:role/mail-nodes"
    return found


def _egress(decks: Decks, shape: Shape) -> Document:
    found: Document = {"strategy": shape.strategy}
    if shape.strategy == "nat_gateway":
        found["vpc_id"] = "vpc-0123456789abcdef0"
        zones = decks.deal("zones", [ZONES[:1], ZONES])
        found["public_subnet_ids"] = {zone: f"subnet-{zone[-1] * 17}" for zone in zones}
        given(decks, found, "egress.instance_type", "c7g.large")
    if shape.strategy == "cilium_gateway":
        found["node_labels"] = pod_labels(decks, "gateway", "gateway")
        if shape.gateway_interface:
            found["network_interface_id"] = INTERFACE
    return found


def lane(decks: Decks, shape: Shape, egress: Document, number: int) -> Document:
    """The part of a lane that belongs to its strategy; what other strategies ask for may stand there as well."""
    spare = decks.often("fields of other strategies", 1, 3)
    found: Document = {}
    if shape.strategy == "nat_gateway" or spare:
        found["zone"] = decks.deal("zone", [0, 1])
        found["zone"] = list(egress.get("public_subnet_ids", dict.fromkeys(ZONES)))[-found["zone"]]
        prefix = decks.deal("subnet", [28, 26, 24, 16])
        found["subnet"] = str(next(IPv4Network(LANE_NETWORKS[number]).subnets(new_prefix=prefix)))
    if shape.gateway_interface:
        found["private_address"] = f"10.128.7.{number + 1}"
    if shape.strategy == "external":
        found["address"] = f"203.0.113.{number + 1}"
        found["node_labels"] = pod_labels(decks, "lane's nodes", f"lane-{number}")
    elif spare:
        found["node_labels"] = decks.deal("spare labels", [{}, {"lane": f"lane-{number}"}])
    return found
