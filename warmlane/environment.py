"""The model of an environment: what `Pulumi.<environment>.yaml` says under `warmlane:environment`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from warmlane import names
from warmlane.base import DOMAIN_LENGTH, Domain, EmailAddress, ForeignNamespace, Identifier, ImageReference, Model
from warmlane.pacing.moments import UTC_DAY, check_day_length
from warmlane.spool_volumes import AccessMode, SpoolVolumes

LONGEST_PARENT = DOMAIN_LENGTH - names.ID_LENGTH - 1
"""The longest parent domain, in characters: with the longest lane id before it, it is a domain name still."""

KeyId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""Id of a key by which recipients are hashed; the store keeps it beside each hash."""


class Cni(StrEnum):
    """The plugin that enforces NetworkPolicies; they read `ipBlock` in different ways (docs/isolation.md)."""

    CILIUM = "cilium"
    VPC_CNI = "vpc_cni"
    OTHER = "other"


class Networks(Model):
    """Address ranges that no sender may reach. All of them stand in every `except` list."""

    pods: Annotated[list[IPv4Network], Field(min_length=1)] = Field(description="Pod CIDRs of the cluster.")
    services: Annotated[list[IPv4Network], Field(min_length=1)] = Field(description="Service CIDRs of the cluster.")
    nodes: Annotated[list[IPv4Network], Field(min_length=1)] = Field(description="CIDRs of the nodes' addresses.")
    vpc: list[IPv4Network] = Field(default_factory=list, description="CIDRs of the VPC and of networks peered with it.")

    @model_validator(mode="after")
    def ranges_are_apart(self) -> Networks:
        """Pods, services and nodes share no address; two ranges that overlap hide a typing error."""
        ranges = [(kind, net) for kind in ("pods", "services", "nodes") for net in getattr(self, kind)]
        clashes = [
            f"{kind} {net} overlaps {other_kind} {other}"
            for index, (kind, net) in enumerate(ranges)
            for other_kind, other in ranges[:index]
            if net.overlaps(other)
        ]
        if clashes:
            raise ValueError("; ".join(clashes))
        return self

    @model_validator(mode="after")
    def mail_has_somewhere_to_go(self) -> Networks:
        """What no sender may reach is not everything: such an `except` list is refused, or closes every way out."""
        listed = collapse_addresses([*self.pods, *self.services, *self.nodes, *self.vpc])
        if any(network.prefixlen == 0 for network in listed):
            raise ValueError(
                "pods, services, nodes and vpc together cover 0.0.0.0/0, so mail could go nowhere; list the ranges "
                "of the cluster and its VPC alone"
            )
        return self


class Cluster(Model):
    """The Kubernetes cluster that the environment runs on. It exists already; Warmlane does not make clusters."""

    context: Annotated[str, Field(min_length=1)] = Field(
        description="Context in the kubeconfig ($KUBECONFIG or the default file), so that nobody deploys elsewhere."
    )
    cni: Cni = Field(description="The plugin that enforces NetworkPolicies.")
    networks: Networks = Field(description="Address ranges of the cluster.")
    dns_namespace: ForeignNamespace = Field(default="kube-system", description="Namespace of the cluster's DNS pods.")
    dns_labels: Annotated[dict[str, str], Field(min_length=1)] = Field(
        default_factory=lambda: {"k8s-app": "kube-dns"}, description="Labels of the cluster's DNS pods."
    )
    eks_cluster_name: str | None = Field(default=None, description="EKS cluster's name; node groups join it.")
    node_role_arn: str | None = Field(default=None, description="IAM role of the lanes' EKS node groups.")
    user_namespaces: bool = Field(
        default=False,
        description="Whether nodes support user namespaces; sender pods then run with `hostUsers: false`.",
    )


class Aws(Model):
    """The AWS account and region that hold addresses and DNS zones."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = Field(description="AWS region.")
    zone_id: str = Field(description="Route 53 hosted zone of the environment's domain.")
    endpoint: str | None = Field(default=None, description="Endpoint that stands in for AWS; unset means AWS itself.")


class NatGateway(Model):
    """Egress by a NAT gateway of the lane's own: the default on AWS."""

    strategy: Literal["nat_gateway"] = Field(description="`nat_gateway`.")
    vpc_id: str = Field(description="VPC of the cluster.")
    public_subnet_ids: Annotated[dict[str, str], Field(min_length=1)] = Field(
        description="By availability zone, the public subnet that holds NAT gateways."
    )
    instance_type: str = Field(default="t3.medium", description="EC2 type of the lanes' nodes.")


class CiliumGateway(Model):
    """Egress by a CiliumEgressGatewayPolicy on gateway nodes."""

    strategy: Literal["cilium_gateway"] = Field(description="`cilium_gateway`.")
    node_labels: Annotated[dict[str, str], Field(min_length=1)] = Field(description="Labels of the gateway node.")
    network_interface_id: str | None = Field(
        default=None,
        description="ENI of the gateway node that carries the lanes' private addresses. Unset where the elastic IP "
        "itself is on the node's interface.",
    )


class External(Model):
    """Egress by routing that exists already: Warmlane only records addresses and pins pods."""

    strategy: Literal["external"] = Field(description="`external`.")


Egress = Annotated[NatGateway | CiliumGateway | External, Field(discriminator="strategy")]


class Adopted(Model):
    """Evidence for an address that was warm before it became a lane."""

    stage: Annotated[int, Field(ge=1, le=60)] = Field(
        description="Sending days of the plan that the address had behind it at the end of `as_of`."
    )
    as_of: date = Field(description="Last day with mail that `stage` counts; before or on the lane's `started`.")
    daily_volume: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Highest messages/day that was delivered in the last 7 sending days that `stage` counts."
    )
    by: EmailAddress = Field(description="Who vouches for it.")
    evidence: Annotated[str, Field(min_length=10)] = Field(description="Where the delivered volumes can be read.")


class Incident(Model):
    """Something that hurt a lane's reputation."""

    occurred: date = Field(description="Date of the incident.")
    campaign: Identifier = Field(description="The campaign that caused it.")
    what: Annotated[str, Field(min_length=10)] = Field(description="What happened.")
    remediation: str | None = Field(default=None, description="What was done about it; unset while it is open.")


class PastLease(Model):
    """A lease that has ended."""

    campaign: Identifier = Field(description="The campaign that held the lane.")
    since: date = Field(description="First day of the lease.")
    until: date = Field(description="Last day of the lease.")


class Lane(Model):
    """A long-lived sending identity: address, reverse DNS, egress path and history."""

    zone: str | None = Field(
        default=None, description="Availability zone of the lane's one NAT; needed by `nat_gateway`."
    )
    subnet: IPv4Network | None = Field(default=None, description="The lane's private subnet; needed by `nat_gateway`.")
    private_address: IPv4Address | None = Field(
        default=None, description="Private address on the gateway's ENI; needed by `cilium_gateway` with an ENI."
    )
    address: IPv4Address | None = Field(default=None, description="Public address; needed by `external` only.")
    node_labels: dict[str, str] = Field(default_factory=dict, description="Labels of the lane's nodes, for `external`.")
    started: date = Field(description="Day on which the lane came to be.")
    sending_days: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Sending days behind the lane at the end of `sending_days_as_of`: adopted ones and days with mail, "
        "counted anew after 30 idle days.",
    )
    sending_days_as_of: date | None = Field(
        default=None,
        description="Last day with mail that `sending_days` counts; a day that is over (UTC). Needed with it.",
    )
    adopted: Adopted | None = Field(
        default=None, description="Evidence, where the address was warm before; counts until `sending_days` is written."
    )
    leases: list[PastLease] = Field(default_factory=list, description="Leases that have ended.")
    incidents: list[Incident] = Field(default_factory=list, description="Incidents and their remediation.")

    @property
    def stage(self) -> int:
        """Sending days of the plan behind the lane at the end of `stage_as_of`."""
        if self.sending_days_as_of is not None:
            return self.sending_days
        return self.adopted.stage if self.adopted else 0

    @property
    def stage_as_of(self) -> date | None:
        """Last day with mail that `stage` counts; None while the lane never sent."""
        if self.sending_days_as_of is not None:
            return self.sending_days_as_of
        return self.adopted.as_of if self.adopted else None


class LeaseState(StrEnum):
    """A lease ends in two steps: `ending` until the old sender is gone, then its entry is removed."""

    ACTIVE = "active"
    ENDING = "ending"


class Override(Model):
    """Leave to pass SparkPost's column: until then the plan's own published figures hold."""

    by: EmailAddress = Field(description="Who decided it.")
    why: Annotated[str, Field(min_length=10)] = Field(description="Why the upper bound may be passed.")
    until: date = Field(
        description="Last day on which it may be passed: at most the 30th of those that the schedule has limits for."
    )


class Lease(Model):
    """Who holds a lane. The key in `leases` is the campaign's id."""

    lane: Identifier = Field(description="The lane that the campaign sends from.")
    since: date = Field(description="First day of the lease; nothing is sent before.")
    override: Override | None = Field(
        default=None, description="Lifts the upper bound of the warm-up (SparkPost's column) for a while."
    )
    state: LeaseState = Field(
        default=LeaseState.ACTIVE, description="`ending` while the campaign's sender is taken down."
    )


class Caps(Model):
    """What the organisation allows its campaigns at most, whatever a lane could carry."""

    campaign_daily_volume: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Most that one campaign may ask for, messages/day; unset: no cap."
    )
    daily_volume: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Most that all campaigns of the environment may ask for together; unset: no cap."
    )


class Images(Model):
    """Container images of the environment, by digest."""

    sender: ImageReference = Field(description="The sender (Postfix and gate).")
    prometheus: ImageReference = Field(description="Prometheus.")
    alertmanager: ImageReference = Field(description="Alertmanager.")
    postgresql: ImageReference = Field(description="PostgreSQL, the store.")
    grafana: ImageReference | None = Field(default=None, description="Grafana; unset means that its pod is off.")


class Monitoring(Model):
    """How outcomes and reputation are shown."""

    mode: Literal["bundled"] = Field(description="`bundled`: Warmlane's own Prometheus, Alertmanager and Grafana.")
    storage_class: str | None = Field(
        default=None, description="Storage class of Prometheus' volume; unset: the default."
    )
    storage: Annotated[str, Field(pattern=r"^[1-9]\d*[MGT]i$")] = Field(
        default="10Gi", description="Size of Prometheus' volume."
    )
    retention_days: Annotated[int, Field(ge=1)] = Field(default=30, description="Days that samples are kept.")


class Store(Model):
    """The platform's database: what replicas and campaigns share."""

    mode: Literal["bundled"] = Field(description="`bundled`: Warmlane's own PostgreSQL in the platform's namespace.")
    storage_class: str | None = Field(default=None, description="Storage class of its volume; unset: the default.")
    storage: Annotated[str, Field(pattern=r"^[1-9]\d*[MGT]i$")] = Field(
        default="10Gi", description="Size of its volume."
    )
    suppression_keys: Annotated[list[KeyId], Field(min_length=1, max_length=2)] = Field(
        default_factory=lambda: ["1"],
        description="Ids of the keys by which suppressed recipients are hashed: the first writes, a second one is read "
        "until the list has been written anew.",
    )

    @model_validator(mode="after")
    def keys_differ(self) -> Store:
        """The same key twice hides which one is still read."""
        if len(set(self.suppression_keys)) != len(self.suppression_keys):
            raise ValueError("suppression_keys: each key is listed once")
        return self


class Reflector(Model):
    """The responder outside that tells a sender, signed, from which address its connections come (port 25)."""

    address: IPv4Address = Field(description="Its public address; senders reach port 25 of it.")
    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")] | None = Field(
        default=None,
        description="Its Ed25519 public key: 32 octets in base64. Unset where `public_key_file` names one.",
    )
    public_key_file: PurePosixPath | None = Field(
        default=None, description="File (relative to the repository) that the key is read from; the lab writes it."
    )

    @model_validator(mode="after")
    def one_key(self) -> Reflector:
        """The key stands here or in a file."""
        if (self.public_key is None) is (self.public_key_file is None):
            raise ValueError("name either public_key or public_key_file")
        return self


class Environment(Model):
    """An environment: a cluster, its lanes, who holds them, and the platform's services."""

    domain: Annotated[Domain, Field(max_length=LONGEST_PARENT)] = Field(
        description="Parent domain of the lanes' host names (`<lane>.<domain>`)."
    )
    deliverability_contact: EmailAddress = Field(description="Mailbox of those who answer for the lanes' reputation.")
    cluster: Cluster = Field(description="The Kubernetes cluster.")
    aws: Aws | None = Field(default=None, description="AWS account; not needed by `external`.")
    egress: Egress = Field(description="How mail leaves with a lane's address.")
    lanes: dict[Identifier, Lane] = Field(description="Lanes by id.")
    leases: dict[Identifier, Lease] = Field(default_factory=dict, description="By campaign, the lane that it holds.")
    caps: Caps = Field(default_factory=Caps, description="Caps of the organisation.")
    store: Store = Field(description="The platform's database.")
    spool: SpoolVolumes = Field(default_factory=SpoolVolumes, description="The volumes that senders keep mail on.")
    reflector: Reflector = Field(description="What proves to a sender that its mail leaves as its lane.")
    monitoring: Monitoring = Field(description="How outcomes and reputation are shown.")
    feedback: Literal["none"] = Field(
        description="`none`: nothing closes a sender by itself; Pulumi declares the way out."
    )
    day_length: int = Field(
        default=UTC_DAY,
        description="Seconds of a sending day. A lab may shorten it to a part of 24 h with hours of whole seconds.",
    )
    images: Images | None = Field(default=None, description="Images by digest; unset where `images_file` names a file.")
    images_file: PurePosixPath | None = Field(
        default=None, description="File (relative to the repository) that `images` is read from; a build writes it."
    )
    secrets_file: PurePosixPath | None = Field(
        default=None,
        description="File (relative to the repository) with the secrets of an environment that anybody may rebuild; "
        "unset means Pulumi's config secrets.",
    )
    adopted_file: PurePosixPath | None = Field(
        default=None,
        description="File (relative to the repository) with the last day on which adopted addresses sent, for an "
        "environment that anybody may rebuild on any day; unset: `adopted.as_of` counts.",
    )

    @field_validator("day_length")
    @classmethod
    def day_can_be_paced(cls, value: int) -> int:
        """A day that pacing can divide into hours."""
        check_day_length(value)
        return value

    @model_validator(mode="after")
    def exports_reach_every_node(self) -> Environment:
        """A lane under `nat_gateway` has two nodes, and a volume for one keeps the second one's pods waiting."""
        mode = self.spool.exported.access_mode
        if isinstance(self.egress, NatGateway) and mode is AccessMode.ONE_NODE:
            raise ValueError(
                f"spool.exported.access_mode: {mode} is for one node, and a lane of {self.egress.strategy} has two; "
                f"set {AccessMode.MANY_NODES}, and name a storage class that knows it"
            )
        return self
