"""VPCs, subnets and internet gateways."""

from __future__ import annotations

from typing import Any

from lab.standins.aws import ec2_tags
from lab.standins.aws.clients import Aws
from lab.standins.aws.rows import FIXED_OR_GIVEN, OUTPUT, SCHEMAS, Property, ResourceType
from lab.standins.values import Values


def _create_vpc(aws: Aws, values: Values) -> str:
    tags = ec2_tags.specification("vpc", values)
    vpc = str(aws.ec2.create_vpc(CidrBlock=values["cidrBlock"], TagSpecifications=tags)["Vpc"]["VpcId"])
    _set_dns(aws, vpc, {"enableDnsSupport": True, "enableDnsHostnames": False}, values)
    return vpc


def _set_dns(aws: Aws, vpc: str, old: Values, new: Values) -> None:
    for name, parameter in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        wanted = bool(new.get(name))
        if wanted != bool(old.get(name)):
            # AWS takes one attribute a call (API_ModifyVpcAttribute).
            aws.ec2.modify_vpc_attribute(VpcId=vpc, **{parameter: {"Value": wanted}})


def _read_vpc(aws: Aws, vpc: str, _: Values) -> Values | None:
    found = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    if not found:
        return None
    attribute = aws.ec2.describe_vpc_attribute
    return {
        "arn": f"arn:aws:ec2:{aws.region}:123456789012:vpc/{vpc}",
        "cidrBlock": found[0]["CidrBlock"],
        "enableDnsHostnames": attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"],
        "enableDnsSupport": attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"],
        "instanceTenancy": found[0].get("InstanceTenancy") or "default",
        "tagsAll": ec2_tags.read(found[0]),
    }


def _update_vpc(aws: Aws, vpc: str, old: Values, new: Values) -> None:
    _set_dns(aws, vpc, old, new)
    ec2_tags.update(aws, vpc, old, new)


def _delete_vpc(aws: Aws, vpc: str, _: Values) -> None:
    aws.ec2.delete_vpc(VpcId=vpc)


VPC = ResourceType(
    token="aws:ec2/vpc:Vpc",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_.go, resourceVPC",
    properties={
        "cidrBlock": Property(required=True, replaces=True),
        "enableDnsHostnames": Property(computed=True),
        "enableDnsSupport": Property(default=True),
        "instanceTenancy": Property(default="default"),
        "arn": OUTPUT,
    },
    create=_create_vpc,
    read=_read_vpc,
    update=_update_vpc,
    delete=_delete_vpc,
    gone=frozenset({"InvalidVpcID.NotFound"}),
)


def _create_subnet(aws: Aws, values: Values) -> str:
    wanted: dict[str, Any] = {
        "VpcId": values["vpcId"],
        "CidrBlock": values["cidrBlock"],
        "TagSpecifications": ec2_tags.specification("subnet", values),
    }
    for name, parameter in (("availabilityZone", "AvailabilityZone"), ("availabilityZoneId", "AvailabilityZoneId")):
        if values.get(name):
            wanted[parameter] = values[name]
    subnet = str(aws.ec2.create_subnet(**wanted)["Subnet"]["SubnetId"])
    _set_public(aws, subnet, values)
    return subnet


def _set_public(aws: Aws, subnet: str, values: Values) -> None:
    public = bool(values.get("mapPublicIpOnLaunch"))
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": public})


def _read_subnet(aws: Aws, subnet: str, _: Values) -> Values | None:
    found = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    if not found:
        return None
    return {
        "arn": found[0]["SubnetArn"],
        "availabilityZone": found[0]["AvailabilityZone"],
        "availabilityZoneId": found[0]["AvailabilityZoneId"],
        "cidrBlock": found[0]["CidrBlock"],
        "mapPublicIpOnLaunch": found[0]["MapPublicIpOnLaunch"],
        "ownerId": found[0]["OwnerId"],
        "vpcId": found[0]["VpcId"],
        "tagsAll": ec2_tags.read(found[0]),
    }


def _update_subnet(aws: Aws, subnet: str, old: Values, new: Values) -> None:
    if bool(old.get("mapPublicIpOnLaunch")) != bool(new.get("mapPublicIpOnLaunch")):
        _set_public(aws, subnet, new)
    ec2_tags.update(aws, subnet, old, new)


def _delete_subnet(aws: Aws, subnet: str, _: Values) -> None:
    aws.ec2.delete_subnet(SubnetId=subnet)


SUBNET = ResourceType(
    token="aws:ec2/subnet:Subnet",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_subnet.go, resourceSubnet",
    properties={
        "vpcId": Property(required=True, replaces=True),
        "cidrBlock": Property(required=True, replaces=True),
        "availabilityZone": FIXED_OR_GIVEN,
        "availabilityZoneId": FIXED_OR_GIVEN,
        "mapPublicIpOnLaunch": Property(default=False),
        "arn": OUTPUT,
        "ownerId": OUTPUT,
    },
    create=_create_subnet,
    read=_read_subnet,
    update=_update_subnet,
    delete=_delete_subnet,
    gone=frozenset({"InvalidSubnetID.NotFound"}),
)


def _create_internet_gateway(aws: Aws, values: Values) -> str:
    tags = ec2_tags.specification("internet-gateway", values)
    created = aws.ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]
    gateway = str(created["InternetGatewayId"])
    if values.get("vpcId"):
        aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=values["vpcId"])
    return gateway


def _read_internet_gateway(aws: Aws, gateway: str, _: Values) -> Values | None:
    found = aws.ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]
    if not found:
        return None
    attachments = found[0].get("Attachments") or [{}]
    return {
        "arn": f"arn:aws:ec2:{aws.region}:123456789012:internet-gateway/{gateway}",
        "ownerId": found[0].get("OwnerId"),
        "vpcId": attachments[0].get("VpcId"),
        "tagsAll": ec2_tags.read(found[0]),
    }


def _update_internet_gateway(aws: Aws, gateway: str, old: Values, new: Values) -> None:
    if old.get("vpcId") != new.get("vpcId"):
        if old.get("vpcId"):
            aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=old["vpcId"])
        if new.get("vpcId"):
            aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=new["vpcId"])
    ec2_tags.update(aws, gateway, old, new)


def _delete_internet_gateway(aws: Aws, gateway: str, state: Values) -> None:
    if state.get("vpcId"):
        aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=state["vpcId"])
    aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)


INTERNET_GATEWAY = ResourceType(
    token="aws:ec2/internetGateway:InternetGateway",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_internet_gateway.go, resourceInternetGateway",
    properties={"vpcId": Property(computed=True), "arn": OUTPUT, "ownerId": OUTPUT},
    create=_create_internet_gateway,
    read=_read_internet_gateway,
    update=_update_internet_gateway,
    delete=_delete_internet_gateway,
    gone=frozenset({"InvalidInternetGatewayID.NotFound"}),
)

ROWS = (VPC, SUBNET, INTERNET_GATEWAY)
