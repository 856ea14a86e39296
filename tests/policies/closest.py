"""For each rule a change that passes, and the same with one value changed, which the rule refuses.

A near miss that stays far from the refusal says little of where a rule begins to say no.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from tests.policies import world
from tests.policies.campaign_mutants import SMTP, block, egress
from tests.policies.harness import IMAGE, Declared, campaign_stack, environment_stack
from tests.policies.hold_mutants import hold
from tests.policies.identity_mutants import volume as config_volume
from tests.policies.lane_mutants import add as add_to_lanes
from tests.policies.lane_mutants import props
from tests.policies.lease_mutants import given as leases
from tests.policies.lease_mutants import had, incident, lease, new_lanes
from tests.policies.object_changes import (
    WHERE,
    add,
    container,
    hard,
    late,
    level,
    pod,
    record,
    role,
    service,
    variable,
    volume,
)
from tests.policies.pod_mutants import field, ignoring
from tests.policies.spool_mutants import persistent_sender, retained
from tests.policies.warm_up_mutants import DOMAIN, caps, committed, domain, given, recipients, schedule
from warmlane.config import campaign_file

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
RECORD = "aws:route53/record:Record"
VOLUME: int = world.document(campaign_file(world.SALE, world.DEV), "warmlane:campaign")["daily_volume"]
PROD = partial(environment_stack, "prod")
RECEIPTS = partial(campaign_stack, "receipts", "prod")


class Close(NamedTuple):
    """`change` makes a change of one value: `near` passes, and `refused` is refused."""

    rule: str
    build: Callable[[], Stack]
    change: Callable[[Any], Change]
    near: Any
    refused: Any


def host(made_from: str) -> Change:
    """An unprotected A record of another name, made from a resource."""
    return lambda s: s.update(added=record("web-host", [s[made_from]], name="web.warmlane.test"))


def claim(volume_name: str) -> Change:
    """The campaign's claim, on a volume of choice."""
    return lambda stack: stack["exported"].props["spec"].update(volumeName=volume_name)


def persistent(**more: Any) -> Change:
    return add("core/v1:PersistentVolume", namespace="", spec={"csi": {"driver": "csi.example.test"}, **more})


def quota_by_way_of(names: tuple[str, ...]) -> Change:
    """Nothing waits for the quota but these, for which the workload waits."""

    def change(stack: Stack) -> None:
        late("quota")(stack)
        for name in names:
            stack[name].depends_on.append(stack["quota"])

    return change


def limit(more: int) -> Change:
    """Raises the first day's limit, which is as high as the plan has it."""

    def change(stack: Stack) -> None:
        world.rewritten(stack)
        warm_up = world.json.loads(stack["config"].props["data"][world.CONFIG_KEY])["warm_up"]
        schedule(limits=[warm_up["limits"][0] + more, *warm_up["limits"][1:]])(stack)

    return change


def at_upper_bound(more: int) -> Change:
    """The first day's limit is SparkPost's figure for it, or some messages more."""
    return schedule(limits=[1_000_000 + more, VOLUME])


def toleration(key: str) -> Change:
    return lambda s: pod(s)["tolerations"].append({"key": key, "operator": "Exists"})


def projected(*sources: Any) -> Change:
    return volume(projected={"sources": [{"secret": {"name": "s"}}, *sources]})


CLOSEST = [
    Close("address-protected", environment_stack, host, "platform-namespace", "amber-address"),
    Close("containers-known", campaign_stack, lambda i: container(image=i), IMAGE, IMAGE.replace("ab", "cd")),
    Close("day-length-shipped", campaign_stack, lambda n: given(lambda b: b.update(day_length=n)), 86_400, 43_200),
    Close(
        "default-deny-present",
        campaign_stack,
        lambda rules: lambda s: s["default-deny"].props["spec"].update(ingress=rules),
        [],
        [{}],
    ),
    Close("derived-identity", campaign_stack, claim, "", "pv-1"),
    Close("hold-respected", campaign_stack, lambda f: given(**hold(level="throttled", throttle_factor=f)), 0.5, 0.01),
    Close("images-by-digest", campaign_stack, lambda i: volume(image={"reference": i}), IMAGE, IMAGE.split("@")[0]),
    Close(
        "incident-remedied",
        environment_stack,
        lambda lane: leases(incidents=[incident("spring-sale", lane=lane)]),
        "amber",
        "cedar",
    ),
    Close("isolation-before-workload", campaign_stack, quota_by_way_of, ("config",), ()),
    Close(
        "lane-graph",
        PROD,
        lambda name: add_to_lanes(RECORD, "www", type="A", name=f"{name}.mail.example.com", records=["203.0.113.9"]),
        "www",
        "cobalt",
    ),
    Close(
        "lane-leased-once",
        environment_stack,
        lambda holder: lambda s: s["platform-lease-table"].props["data"].update(cedar=holder),
        "",
        "spring-sale",
    ),
    Close("lane-network", PROD, lambda mode: props("cobalt-nat", availabilityMode=mode), "zonal", "regional"),
    Close("lease-cool-down", environment_stack, lambda day: leases(had("autumn", day)), "2026-10-02", "2026-10-03"),
    Close("list-may-warm", campaign_stack, lambda months: committed(spring_sale=recipients(months)), 6, 7),
    Close("new-lanes-a-week", environment_stack, lambda number: leases(new_lanes(number, "2026-11-24")), 5, 6),
    Close(
        "new-lease-known",
        environment_stack,
        lambda day: leases(lease("spring-sale", since=day)),
        "2026-11-17",
        "2026-11-18",
    ),
    Close(
        "no-domain-spread",
        campaign_stack,
        lambda n: committed(newsletter=domain(DOMAIN, n)),
        2_000_000,
        2_000_000 - VOLUME,
    ),
    Close(
        "no-host-access",
        campaign_stack,
        lambda port: container(ports=[{"containerPort": 9100, "hostPort": port}]),
        0,
        9100,
    ),
    Close("no-host-volumes", campaign_stack, lambda more: persistent(**more), {}, {"hostPath": {"path": "/"}}),
    Close(
        "no-service-account-token",
        campaign_stack,
        lambda sources: projected(*sources),
        (),
        ({"serviceAccountToken": {"path": "token"}},),
    ),
    Close(
        "no-unseen-objects",
        environment_stack,
        lambda kind: add(kind, namespace="", stack="dev"),
        "storage.k8s.io/v1:StorageClass",
        "core/v1:Node",
    ),
    Close("no-wide-allow", campaign_stack, lambda cidr: egress(block(cidr), SMTP), "11.0.0.0/8", "10.0.0.0/8"),
    Close(
        "objects-in-own-namespace",
        campaign_stack,
        lambda where: add("core/v1:ConfigMap", namespace=where),
        WHERE,
        "default",
    ),
    Close(
        "options-known",
        campaign_stack,
        lambda ignored: ignoring("deployment", *ignored),
        ("spec",),
        ("spec", "metadata"),
    ),
    Close("organisation-caps", campaign_stack, lambda n: given(caps(campaign_daily_volume=n)), VOLUME, VOLUME - 1),
    Close("pod-fields-known", campaign_stack, lambda s: field(terminationGracePeriodSeconds=s), 600, 601),
    Close("pod-security-level", campaign_stack, lambda name: level(name, "latest"), "baseline", "privileged"),
    Close("quota-and-limits-present", campaign_stack, lambda pods: hard(pods=pods), 3, 4),
    Close(
        "rbac-least-privilege", campaign_stack, lambda verb: role(resources=["secrets"], verbs=[verb]), "create", "get"
    ),
    Close("secrets-in-secrets", campaign_stack, lambda text: variable("PASSWORD", text), "", "hunter2"),
    Close("sender-configured", campaign_stack, lambda may: config_volume(optional=may), False, True),
    Close("sender-pinned-to-lane", RECEIPTS, toleration, "mail", "warmlane.dev/lane"),
    Close("services-inside-cluster", campaign_stack, lambda them: service(externalIPs=them), [], ["192.0.2.1"]),
    Close("spool-stated", persistent_sender, retained, "Retain", "Delete"),
    Close("stage-in-ledger", campaign_stack, lambda days: given(lanes={"amber": {"sending_days": days}}), 19, 18),
    Close("warm-up-schedule", campaign_stack, limit, 0, 1),
    Close("warm-up-upper-bound", campaign_stack, at_upper_bound, 0, 1),
]
