"""What an environment's stack registers."""

from __future__ import annotations

import json

import pulumi
import pytest

from components.egress.placement import placement
from components.platform import lease_table
from infra import found
from infra.program import deploy
from warmlane.environment import External

EIP = "aws:ec2/eip:Eip"
RECORD = "aws:route53/record:Record"
REVERSE = "aws:ec2/eipDomainName:EipDomainName"
SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
EIP_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
NODES = "aws:eks/nodeGroup:NodeGroup"
GATEWAY_POLICY = "kubernetes:cilium.io/v2:CiliumEgressGatewayPolicy"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
LANE = "warmlane:lane:Lane"


def program(environment, name):
    return lambda: deploy(environment, name, "canary-password", "canary-store-password", "canary-key")


@pytest.fixture
def lab(run, dev):
    return run(program(dev.environment, "dev"))


@pytest.fixture
def eks(run, prod):
    return run(program(prod.environment, "prod"), stack="prod")


def changed(environment, **fields):
    return environment.model_copy(update=fields)


def test_type_tokens_are_frozen(lab, eks) -> None:
    tokens = {kind for kind, _ in (*lab.resources, *eks.resources) if kind.startswith("warmlane:")}
    assert tokens == {
        "warmlane:admission:Admission",
        "warmlane:platform:Platform",
        "warmlane:store:Store",
        "warmlane:lane:Lane",
        "warmlane:egress:CiliumGateway",
        "warmlane:egress:NatGateway",
        "warmlane:monitoring:Monitoring",
    }, "another token means that lanes are deleted and made again, and their addresses are lost"


def test_protected_are_address_and_names_and_nothing_else(lab, eks) -> None:
    for recorded in (lab, eks):
        protected = {kind for (kind, _), resource in recorded.resources.items() if resource.protect}
        assert protected == {EIP, RECORD, REVERSE}, "these three carry the reputation; all else can be made again"
        for kind in protected:
            assert all(resource.protect for resource in recorded.of(kind).values()), f"every {kind} is protected"


def test_providers_are_explicit(lab) -> None:
    for (kind, name), resource in lab.resources.items():
        if resource.custom and not kind.startswith("pulumi:providers:"):
            assert resource.provider, f"{kind} {name} would go to whatever account or cluster the shell points at"
            assert f"::{kind.split(':')[0]}::" in resource.provider, f"{kind} {name} has another package's provider"


def test_the_stand_in_for_aws_is_asked_for_everything(lab, eks) -> None:
    inputs = lab.one("pulumi:providers:aws", "aws").inputs
    endpoints = json.loads(inputs["endpoints"])[0]
    assert {"ec2", "eks", "route53", "sts"} <= endpoints.keys() and len(set(endpoints.values())) == 1
    assert "endpoints" not in eks.one("pulumi:providers:aws", "aws").inputs, "a real account has AWS' own endpoints"


def test_child_names_carry_the_lane(lab, eks) -> None:
    assert set(lab.of(EIP)) == {"amber-address", "birch-address"}
    assert set(lab.of(RECORD)) == {"amber-host", "birch-host"}
    assert set(lab.of(REVERSE)) == {"amber-reverse", "birch-reverse"}
    assert set(lab.of(GATEWAY_POLICY)) == {"amber-policy", "birch-policy"}
    assert set(eks.of(NAT)) == {"cobalt-nat", "ochre-nat"}


def test_another_lane_renames_nothing(run, dev, lab) -> None:
    lanes = {"almond": dev.environment.lanes["amber"], **dev.environment.lanes}
    more = run(program(changed(dev.environment, lanes=lanes), "dev"))
    gone = set(lab.resources) - set(more.resources)
    assert not gone, f"a lane that sorts first must not rename what exists: {gone}"


def test_names_point_at_the_address_both_ways(lab) -> None:
    record, reverse = lab.one(RECORD, "amber-host"), lab.one(REVERSE, "amber-reverse")
    assert record.inputs["name"] == reverse.inputs["domainName"] == "amber.warmlane.test"
    assert record.property_dependencies["records"] == {"amber-address"}
    assert reverse.property_dependencies["allocationId"] == {"amber-address"}
    assert "amber-host" in reverse.depends_on, "AWS refuses a reverse name whose A record does not answer"


def test_the_gateway_policy_selects_the_holders_pods_alone(lab) -> None:
    policy = lab.one(GATEWAY_POLICY, "amber-policy")
    assert policy.inputs["metadata"]["name"] == "lane-amber"
    assert policy.inputs["spec"]["selectors"] == [
        {
            "podSelector": {
                "matchLabels": {
                    "io.kubernetes.pod.namespace": "campaign-spring-sale",
                    "warmlane.dev/lane": "amber",
                }
            }
        }
    ]
    assert policy.inputs["spec"]["destinationCIDRs"] == ["0.0.0.0/0"]
    assert policy.property_dependencies["spec"] == {"amber-address"}, "the lane's own address, nobody else's"


def test_a_free_lane_lets_nobody_out(run, dev) -> None:
    leases = {"newsletter": dev.environment.leases["newsletter"]}
    recorded = run(program(changed(dev.environment, leases=leases), "dev"))
    assert set(recorded.of(GATEWAY_POLICY)) == {"birch-policy"}
    assert set(recorded.of(EIP)) == {"amber-address", "birch-address"}, "the address outlives its lease"


def test_a_gateway_with_an_eni_sends_from_the_private_address(run, dev) -> None:
    egress = dev.environment.egress.model_copy(update={"network_interface_id": "eni-0123"})
    lanes = {
        id_: lane.model_copy(update={"private_address": f"10.0.0.{index}"})
        for index, (id_, lane) in enumerate(dev.environment.lanes.items(), 10)
    }
    recorded = run(program(changed(dev.environment, egress=egress, lanes=lanes), "dev"))
    association = recorded.one(EIP_ASSOCIATION, "amber-association")
    assert association.inputs["privateIpAddress"] == "10.0.0.10"
    policy = recorded.one(GATEWAY_POLICY, "amber-policy")
    assert policy.inputs["spec"]["egressGateway"]["egressIP"] == "10.0.0.10", "the EIP is not on the node's interface"
    assert "amber-association" in policy.depends_on, "mail would leave by an address without its EIP"


def test_the_nat_gateways_graph_leads_from_nodes_to_the_lanes_address(eks) -> None:
    nat = eks.one(NAT, "cobalt-nat")
    assert nat.property_dependencies["allocationId"] == {"cobalt-address"}
    assert nat.inputs["subnetId"] == "subnet-0123456789abcdef0", "the public subnet of the lane's zone"
    route = eks.one(ROUTE, "cobalt-default-route")
    assert route.inputs["destinationCidrBlock"] == "0.0.0.0/0"
    assert route.property_dependencies["natGatewayId"] == {"cobalt-nat"}
    assert route.property_dependencies["routeTableId"] == {"cobalt-routes"}
    association = eks.one(ASSOCIATION, "cobalt-subnet-routes")
    assert association.property_dependencies["routeTableId"] == {"cobalt-routes"}
    assert association.property_dependencies["subnetId"] == {"cobalt-subnet"}
    nodes = eks.one(NODES, "cobalt-nodes")
    assert nodes.property_dependencies["subnetIds"] == {"cobalt-subnet"}
    assert {"cobalt-default-route", "cobalt-subnet-routes"} <= nodes.depends_on, "nodes join by this route alone"


def test_a_lanes_subnet_is_private_and_has_no_ipv6(eks) -> None:
    subnet = eks.one(SUBNET, "cobalt-subnet").inputs
    assert subnet["cidrBlock"] == "10.40.240.0/26" and subnet["availabilityZone"] == "eu-central-1a"
    assert subnet["mapPublicIpOnLaunch"] is False
    assert not [key for key in subnet if "ipv6" in key.lower()], "an IPv6 route leads around the NAT"
    assert not [key for key in eks.one(ROUTE, "cobalt-default-route").inputs if "ipv6" in key.lower()]


def test_the_nat_gateway_is_replaced_delete_first(eks) -> None:
    assert eks.one(NAT, "cobalt-nat").delete_before_replace, (
        "a second NAT can't take an address that the first one holds"
    )


def test_nothing_associates_a_nats_address(eks) -> None:
    assert not eks.of(EIP_ASSOCIATION), "AWS refuses an association of an address that a NAT gateway holds"


def test_nodes_take_the_lanes_pods_alone(eks, prod) -> None:
    nodes = eks.one(NODES, "cobalt-nodes").inputs
    assert nodes["labels"] == {"warmlane.dev/lane": "cobalt"}
    assert nodes["taints"] == [{"key": "warmlane.dev/lane", "value": "cobalt", "effect": "NO_SCHEDULE"}]
    where = placement(prod.environment, "cobalt")
    assert where.node_selector == nodes["labels"], "the sender's pods would find no node"
    assert where.tolerations[0]["key"] == nodes["taints"][0]["key"]


def test_a_free_lane_pays_for_no_nodes(eks) -> None:
    leased, free = (eks.one(NODES, name).inputs["scalingConfig"] for name in ("cobalt-nodes", "ochre-nodes"))
    assert leased["minSize"] == leased["desiredSize"] == 2
    assert free["minSize"] == free["desiredSize"] == 0


def test_tags_find_a_resource_that_state_does_not_know(eks) -> None:
    for kind in (EIP, SUBNET, NAT, ROUTE_TABLE, NODES):
        for name, resource in eks.of(kind).items():
            tags = resource.inputs["tags"]
            assert tags["warmlane.dev/name"] == name and tags["warmlane.dev/environment"] == "prod"
            assert tags["warmlane.dev/lane"] == name.split("-")[0]


def test_external_lanes_have_an_address_and_nothing_of_aws(run, dev) -> None:
    egress = {"strategy": "external"}
    lanes = {
        id_: lane.model_copy(update={"address": f"192.0.2.{index}", "node_labels": {"lane": id_}})
        for index, (id_, lane) in enumerate(dev.environment.lanes.items(), 10)
    }
    environment = changed(dev.environment, egress=External.model_validate(egress), lanes=lanes, aws=None)
    recorded = run(program(environment, "dev"))
    assert not [key for key in recorded.resources if key[0].startswith("aws:")]
    assert placement(environment, "amber").node_selector == {"lane": "amber"}


def test_the_lease_table_names_holders_and_free_lanes(dev) -> None:
    environment = changed(dev.environment, leases={"newsletter": dev.environment.leases["newsletter"]})
    assert lease_table(environment) == {"amber": "", "birch": "newsletter"}


def test_what_was_found_is_imported(run, dev) -> None:
    def adopting() -> None:
        found.adopt({found.VARIABLE: json.dumps({"amber-address": "eipalloc-1", "amber-policy": "no-cloud-resource"})})
        deploy(dev.environment, "dev", "canary-password", "canary-store-password", "canary-key")

    recorded = run(adopting)
    imported = {name: resource.import_id for (_, name), resource in recorded.resources.items() if resource.import_id}
    assert imported == {"amber-address": "eipalloc-1"}, "an address that exists must not be allocated a second time"
    assert recorded.one(EIP, "amber-address").protect, "an import keeps its protection"


@pytest.mark.parametrize("text", ["[]", "{", '{"amber-address": 1}'])
def test_a_malformed_find_is_refused(text) -> None:
    with pytest.raises(pulumi.RunError, match="JSON object"):
        found.found_ids({found.VARIABLE: text})
