"""Something is added: a way in or out, a right, a secret, a host's resource, a value that nobody knows yet."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from typing import Any

import pulumi_aws as aws
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from cli.render.recording import Registration
from policies.inputs import EACH, When
from policies.resource import Resource
from policies.rules import RULES
from tests.policies.systematic import objects, subject
from tests.policies.systematic.mutant import Maker, Mutants, base, is_kubernetes, kind, resources
from tests.policies.systematic.values import Path, at

POD_SPEC: Path = ("spec", "template", "spec")
CONTEXT: dict[str, Any] = {
    "privileged": True,
    "allowPrivilegeEscalation": True,
    "procMount": "Unmasked",
    "seccompProfile": {"type": "Unconfined"},
    "appArmorProfile": {"type": "Unconfined"},
    "seLinuxOptions": {"type": "spc_t"},
    "windowsOptions": {"hostProcess": True},
}
"""Security contexts that the namespaces' own levels refuse."""
SHARED: dict[str, Any] = {"hostNetwork": True, "hostPID": True, "hostIPC": True, "nodeName": "node-1"}
SERVICE: dict[str, dict[str, Any]] = {
    "NodePort": {"type": "NodePort"},
    "LoadBalancer": {"type": "LoadBalancer"},
    "ExternalName": {"type": "ExternalName", "externalName": "elsewhere.example"},
    "externalIPs": {"externalIPs": ["203.0.113.9"]},
}
NEUTRAL = (
    *("timeouts", "description"),
    *("address", "publicIpv4Pool", "ipamPoolId", "customerOwnedIpv4Pool", "networkBorderGroup"),
    *("privateIp", "outpostArn", "enableLniAtDeviceIndex", "privateDnsHostnameTypeOnLaunch"),
    *("enableResourceNameDnsARecordOnLaunch", "enableResourceNameDnsAaaaRecordOnLaunch"),
    *("version", "releaseVersion", "forceUpdateVersion", "amiType", "capacityType", "diskSize", "nodeGroupNamePrefix"),
    *("nodeRepairConfig", "warmPoolConfig", "allowOverwrite"),
)
"""Properties that say which address of which pool it is, what nodes are made of, or how the provider works."""
EXCLUDED = {
    "Subnet": ("availabilityZoneId", "ipv4IpamPoolId", "ipv4NetmaskLength"),
    "NatGateway": ("vpcId",),
    "Record": ("region",),
}
"""By kind, what AWS refuses beside properties that are set already; DNS is of no region."""


def secret(stack: str) -> Mutants:
    """A secret by value, in a container's environment and arguments, in a ConfigMap and in an annotation."""
    make = Maker(stack, "add secret")
    for one, path, container in _containers(stack):
        for name in ("PASSWORD", "API_TOKEN", "DKIM_PRIVATE_KEY"):
            env = [*container.get("env", []), {"name": name, "value": "hunter2"}]
            yield make.put(one, (*path, "env"), env, f"with {name}")
        yield make.put(one, (*path, "args"), [*container.get("args", []), "--password=hunter2"])
    for one in filter(is_kubernetes, resources(stack)):
        yield make.put(one, ("metadata", "annotations"), {"example.test/password": "hunter2"})
        if kind(one) == "ConfigMap":
            yield make.put(one, ("data", "password"), "hunter2")


def _containers(stack: str) -> Iterator[tuple[Registration, Path, dict[str, Any]]]:
    for one in resources(stack):
        if kind(one) == "Deployment":
            for number, container in enumerate(at(one.inputs, POD_SPEC)["containers"]):
                yield one, (*POD_SPEC, "containers", number), container


def host(stack: str) -> Mutants:
    """A pod shares something with its node."""
    make = Maker(stack, "add host access")
    for one in resources(stack):
        if kind(one) != "Deployment":
            continue
        volumes = at(one.inputs, POD_SPEC).get("volumes", [])
        for where in ("/", "/var/run/docker.sock"):
            mounted = [*volumes, {"name": "host", "hostPath": {"path": where}}]
            yield make.put(one, (*POD_SPEC, "volumes"), mounted, f"of {where}")
        for field, value in SHARED.items():
            # A node may be named where no lane's taint is passed by, outside campaigns.
            if field != "nodeName" or "." in stack:
                yield make.put(one, (*POD_SPEC, field), value)
    for one, path, container in _containers(stack):
        ports = [*container.get("ports", []), {"containerPort": 7777, "hostPort": 7777}]
        yield make.put(one, (*path, "ports"), ports, "of the host")
        for field, value in CONTEXT.items():
            yield make.put(one, (*path, "securityContext", field), value, f"as {value}")


def allow(stack: str) -> Mutants:
    """A policy more, or a rule more in a policy, that opens something."""
    make = Maker(stack, "add allow")
    for one in resources(stack):
        if kind(one) == "NetworkPolicy":
            for direction in ("ingress", "egress"):
                rules = [*one.inputs["spec"].get(direction, []), {}]
                types = sorted({*one.inputs["spec"].get("policyTypes", []), direction.capitalize()})
                spec = {**one.inputs["spec"], direction: rules, "policyTypes": types}
                yield make.put(one, ("spec",), spec, f"with {direction} for all")
        if kind(one) == "Namespace":
            for note, (type_, inputs) in objects.policies(one.inputs["metadata"]["name"]).items():
                yield make.add(one, f"in {one.inputs['metadata']['name']}: {note}", type_, inputs)


def service(stack: str) -> Mutants:
    """A Service leads in from outside, or elsewhere."""
    make = Maker(stack, "add service")
    for one in resources(stack):
        if kind(one) == "Service":
            for note, changes in SERVICE.items():
                yield make.put(one, ("spec",), {**one.inputs["spec"], **changes}, f"with {note}")


def object_(stack: str) -> Mutants:
    """An object of a kind that opens, runs, mounts or rewrites something stands in a namespace."""
    make = Maker(stack, "add object")
    for one in resources(stack):
        if kind(one) == "Namespace":
            where = one.inputs["metadata"]["name"]
            for note, (type_, inputs) in objects.others(where, "." in stack).items():
                yield make.add(one, f"in {where}: {note}", type_, inputs)


def way_out(stack: str) -> Mutants:
    """A second way out of a lane, and a resource of the whole VPC by which every lane gets one."""
    make = Maker(stack, "add way out")
    for one in resources(stack):
        if one.type.endswith(":Route"):
            for key, value in objects.ROUTES.items():
                inputs = {"routeTableId": one.inputs["routeTableId"], "destinationCidrBlock": "0.0.0.0/0", key: value}
                if key == "destinationIpv6CidrBlock":
                    inputs = {**one.inputs, key: value}
                yield make.add(one, f"of {one.name} by {key}", one.type, inputs)
        if one.type.endswith(":Eip"):
            for type_ in objects.WAYS_OUT:
                yield make.add(one, f"beside {one.name}: {type_.rsplit(':', 1)[1]}", type_, {"vpcId": "vpc-1"})


def property_(stack: str) -> Mutants:
    """Each property that the SDK knows of a lane's part, and that the program leaves to its default, is set."""
    make = Maker(stack, "add property")
    for one in resources(stack):
        if not is_kubernetes(one) and subject.lane_part(one):
            for name, value in _properties(one).items():
                if name not in one.inputs and name not in (*NEUTRAL, *EXCLUDED.get(kind(one), ())):
                    yield make.put(one, (name,), value)


def _properties(one: Registration) -> dict[str, Any]:
    _, module, name = one.type.split(":")
    arguments = getattr(getattr(aws, module.split("/")[0]), f"{name}Args")
    found = typing.get_type_hints(arguments.__init__, vars(inspect.getmodule(arguments)))
    return {_camel(key): _sample(str(hint)) for key, hint in found.items() if key not in ("return", "__self__")}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _sample(hint: str) -> Any:
    """A value of about the type."""
    if "Sequence" in hint:
        return [{"cidrBlock": "0.0.0.0/0"}] if "Args" in hint else ["added"]
    if "Mapping" in hint:
        return {"added": "added"}
    if "bool" in hint:
        return True
    if "Args" in hint:
        return {"id": "added"}
    return 1 if "int" in hint else "added"


def unknown(stack: str) -> Mutants:
    """A value that a rule is decided from becomes known only after deployment."""
    make = Maker(stack, "add unknown")
    by_urn = {one.urn: one for one in base(stack).registrations}
    seen = set[tuple[str, Path]]()
    for rule in RULES:
        for one in rule.about.inputs:
            for found in by_urn.values():
                resource = Resource(found.urn, found.type, found.name, found.inputs, found.protect)
                if one.when is When.PLAN and found.custom and one.scope.contains(resource):
                    for path in _places(found.inputs, (), (*one.scope.root(resource), *one.path)):
                        if (found.urn, path) not in seen:
                            seen.add((found.urn, path))
                            yield make.put(found, path, UNKNOWN_STRING_VALUE, "unknown")


def _places(value: Any, before: Path, path: tuple[str, ...]) -> Iterator[Path]:
    """Where values at a path are."""
    if not path:
        yield before
    elif path[0] == EACH:
        for index, entry in enumerate(value if isinstance(value, list) else []):
            yield from _places(entry, (*before, index), path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _places(value[path[0]], (*before, path[0]), path[1:])
