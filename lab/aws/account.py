"""The lab's AWS account: moto's backends behind the table of refusals."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.utils import generic_filter
from moto.eks.exceptions import EKSError
from moto.eks.models import EKSBackend, eks_backends
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import Route53Backend, route53_backends

from lab import settings
from lab.aws import gaps, nat_gateways, reverse_dns
from lab.aws.patches import patched
from lab.aws.pool import ElasticPool
from lab.aws.quotas import Quotas
from lab.aws.refusals import TABLE, Call, Refusal
from lab.aws.world import NoWorld, View, World, WorldError

PARTITION = "aws"
BACKENDS: dict[str, type] = {"ec2": EC2Backend, "route53": Route53Backend, "eks": EKSBackend}

WORLD_OPERATIONS = frozenset(
    {
        "ec2:allocate_address",
        "ec2:release_address",
        "ec2:modify_address_attribute",
        "ec2:reset_address_attribute",
        "route53:change_resource_record_sets",
        "route53:delete_hosted_zone",
    }
)
"""What changes the addresses and names that the lab's network must have."""


class Account:
    """One account, in every Region, with its quotas, its addresses and the world that follows it."""

    def __init__(
        self,
        quotas: Quotas | None = None,
        rows: Sequence[Refusal] = TABLE,
        world: World | None = None,
        pool: ElasticPool | None = None,
    ) -> None:
        self.quotas = quotas or Quotas()
        self.pool = pool or ElasticPool(*settings.ELASTIC_RANGE)
        self.world = world or NoWorld()
        self.refused: list[tuple[str, str]] = []
        """Operation and key of the row of each refusal, in order."""
        self._lock = threading.RLock()
        self._depth = 0
        self._rows: dict[str, list[Refusal]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.later):
            for operation in row.operations:
                self._rows[operation].append(row)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Stand before moto's backends while the block runs. moto's state is one per process: so is this."""
        with ExitStack() as stack:
            stack.enter_context(reverse_dns.installed())
            stack.enter_context(gaps.filled())
            for born, seed in ((EC2Backend, self._seed_ec2), (Route53Backend, self._seed_route53)):
                stack.enter_context(patched(born, "__init__", self._seeded(born, seed)))
            replaced = {
                "ec2:allocate_address": self._allocate,
                "ec2:create_nat_gateway": self._create_nat_gateway,
                "ec2:delete_nat_gateway": self._delete_nat_gateway,
                "ec2:describe_nat_gateways": self._describe_nat_gateways,
            }
            for operation in sorted({*self._rows, *WORLD_OPERATIONS, *replaced}):
                service, method = operation.split(":")
                owner = BACKENDS[service]
                guarded = self._guarded(operation, getattr(owner, method), replaced.get(operation))
                stack.enter_context(patched(owner, method, guarded))
            yield

    def backend(self, service: str, region: str) -> Any:
        """moto's backend of a service; Route 53 has one for all Regions."""
        if service == "route53":
            return route53_backends[DEFAULT_ACCOUNT_ID][PARTITION]
        backends: dict[str, Any] = {"ec2": ec2_backends, "eks": eks_backends}
        return backends[service][DEFAULT_ACCOUNT_ID][region]

    def addresses_taken(self) -> set[IPv4Address]:
        return {IPv4Address(address.public_ip) for address in self._addresses()}

    def view(self) -> View:
        """What the network should look like: of names, those of the lab's hosted zone, which alone is delegated to it.
        Raises WorldError for a name with several addresses."""
        records: dict[str, IPv4Address] = {}
        zone = self.backend("route53", settings.AWS_REGION).zones.get(settings.HOSTED_ZONE)
        for record in (record for record in (zone.rrsets if zone else ()) if record.type == "A"):
            if len(record.records) != 1:
                raise WorldError(f"{record.name} has {len(record.records)} addresses; the lab's DNS serves one.")
            records[record.name.rstrip(".").lower()] = IPv4Address(record.records[0])
        named = ((IPv4Address(address.public_ip), reverse_dns.domain_name(address)) for address in self._addresses())
        return View(frozenset(self.addresses_taken()), records, {address: name for address, name in named if name})

    def publish(self) -> None:
        """Bring the world in line with this account. Raises WorldError."""
        try:
            self.world.publish(self.view())
        except WorldError:
            raise
        except Exception as problem:
            raise WorldError(f"{type(problem).__name__}: {problem}") from problem

    def _addresses(self) -> list[Any]:
        regions = ec2_backends[DEFAULT_ACCOUNT_ID]
        return [address for backend in list(regions.values()) for address in backend.addresses]

    def _guarded(
        self, operation: str, original: Callable[..., Any], replacement: Callable[..., Any] | None
    ) -> Callable[..., Any]:
        signature = inspect.signature(original)
        run = replacement or (lambda call, _: original(**call.arguments))

        @functools.wraps(original)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                if self._depth:
                    # moto calls itself: what the person asked for was judged already.
                    return original(*args, **kwargs)
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                call = Call(operation, args[0], bound.arguments, self)
                self._depth += 1
                try:
                    failure = self._judge(call)
                    result = run(call, failure)
                    if operation in WORLD_OPERATIONS:
                        self._publish_or_fail(call)
                    return result
                finally:
                    self._depth -= 1

        return guarded

    def _judge(self, call: Call) -> tuple[str, str] | None:
        """Raise what AWS answers, or give the code and message of a failure that comes later."""
        for row in self._rows[call.operation]:
            fields = row.check(call)
            if fields is not None:
                self.refused.append((call.operation, row.key))
                message = row.message.format(**fields)
                print(f"refused {call.operation}: {row.code}: {message} ({row.key})", file=sys.stderr, flush=True)
                if row.later:
                    return row.code, message
                raise answer(call.operation, row.code, message)
        return None

    def _publish_or_fail(self, call: Call) -> None:
        try:
            self.publish()
        except WorldError as problem:
            # A 4xx: on a 5xx the client would try again and allocate a second address.
            raise answer(
                call.operation, "LabWorldOutOfStep", f"The lab's network could not follow: {problem}"
            ) from problem

    def _seeded(self, owner: type, seed: Callable[[Any], None]) -> Callable[..., None]:
        original: Callable[..., None] = owner.__init__  # type: ignore[misc]

        @functools.wraps(original)
        def born(backend: Any, *args: Any, **kwargs: Any) -> None:
            with self._lock:
                self._depth += 1
                try:
                    original(backend, *args, **kwargs)
                    seed(backend)
                finally:
                    self._depth -= 1

        return born

    def _seed_ec2(self, backend: Any) -> None:
        """AWS' default VPC has an internet gateway, moto's has none."""
        gateway = backend.create_internet_gateway()
        backend.attach_internet_gateway(gateway.id, backend.default_vpc.id)

    def _seed_route53(self, backend: Any) -> None:
        """The lab's domain has its hosted zone already, as a person's has."""
        if (backend.account_id, backend.region_name) == (DEFAULT_ACCOUNT_ID, PARTITION):
            zone = backend.create_hosted_zone(settings.DOMAIN, private_zone=False)
            del backend.zones[zone.resource_id]
            zone.resource_id = settings.HOSTED_ZONE
            backend.zones[settings.HOSTED_ZONE] = zone

    def _allocate(self, call: Call, _: object) -> Any:
        given = call.arguments
        address = given["address"] or str(self.pool.take(self.addresses_taken()))
        # Inside the guard moto's own method runs.
        return call.backend.allocate_address(given["domain"], address, given["tags"])

    def _create_nat_gateway(self, call: Call, failure: tuple[str, str] | None) -> Any:
        given = call.arguments
        return nat_gateways.create(
            call.backend,
            given["subnet_id"],
            given["allocation_id"],
            given["tags"],
            given["connectivity_type"],
            failure,
        )

    def _delete_nat_gateway(self, call: Call, _: object) -> Any:
        return nat_gateways.delete(call.backend.nat_gateways[call.arguments["nat_gateway_id"]])

    def _describe_nat_gateways(self, call: Call, _: object) -> Any:
        wanted = call.arguments["nat_gateway_ids"]
        gateways = call.backend.nat_gateways.values()
        nat_gateways.read(gateway for gateway in gateways if not wanted or gateway.id in wanted)
        filters = call.arguments["filters"] or {}
        # Inside the guard moto's own method runs; it passes over filters by tag.
        found = call.backend.describe_nat_gateways(filters, wanted)
        return generic_filter({name: values for name, values in filters.items() if name.startswith("tag")}, found)


def answer(operation: str, code: str, message: str) -> Exception:
    """The exception that moto turns into AWS' error response."""
    service = operation.split(":")[0]
    if service == "eks":
        status = {"ResourceNotFoundException": 404, "ResourceInUseException": 409}.get(code, 400)
        return type(code, (EKSError,), {"TYPE": code, "STATUS": status})(message=message)
    return {"ec2": EC2ClientError, "route53": Route53ClientError}[service](code, message)
