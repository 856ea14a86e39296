"""Whatever must differ between campaigns is derived from the campaign's or its lane's id.

A run sees one stack, so no rule can compare two campaigns. Where each value is a pure function of an id that is unique,
no two of them can be the same, and one stack's run is enough.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes, scopes
from policies.inputs import EACH, Path, after_creation, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, resource_rule, title
from warmlane import labels, names
from warmlane.sender_config import CONFIG_KEY, IDENTITY_KEY

WORKLOADS = ("Deployment", "StatefulSet")
CAMPAIGN_VARIABLE = "CAMPAIGN_ID"
CLAIM_BINDINGS = ("volumeName", "selector", "dataSource", "dataSourceRef")
"""Fields by which a claim names storage that another campaign's claim could name as well."""


@dataclass(frozen=True)
class Facts:
    """What values are derived from: the ids of campaign and lane, and the environment's domain."""

    campaign: str
    lane: str | None
    domain: str


@dataclass(frozen=True)
class Derived:
    """A value that is a function of ids. `what` says what it is for."""

    kinds: tuple[str, ...]
    path: Path
    value: Callable[[Facts], Any]
    what: str


OBJECTS = (
    "ConfigMap",
    "Deployment",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)
"""Kinds that a campaign's program makes in its namespace."""


def _marks(facts: Facts) -> dict[str, Any]:
    return {"app": names.app(facts.campaign)}


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


TABLE = (
    Derived(("Namespace",), ("metadata", "name"), lambda f: names.namespace(f.campaign), "namespace"),
    Derived(OBJECTS, ("metadata", "namespace"), lambda f: names.namespace(f.campaign), "namespace"),
    Derived(("Namespace", *OBJECTS), ("metadata", "labels", labels.CAMPAIGN), lambda f: f.campaign, "campaign label"),
    Derived(("Namespace", *OBJECTS), ("metadata", "labels", labels.LANE), lambda f: f.lane, "lane label"),
    Derived(("Namespace", *OBJECTS), ("metadata", "labels", "app"), lambda f: names.app(f.campaign), "app label"),
    Derived(WORKLOADS, ("metadata", "name"), lambda f: names.deployment(f.campaign), "workload"),
    Derived(WORKLOADS, ("spec", "selector", "matchLabels"), _marks, "selector"),
    Derived(WORKLOADS, ("spec", "template", "metadata", "labels", "app"), lambda f: names.app(f.campaign), "app label"),
    Derived(
        WORKLOADS, ("spec", "template", "metadata", "labels", labels.CAMPAIGN), lambda f: f.campaign, "campaign label"
    ),
    Derived(
        WORKLOADS,
        ("spec", "template", "spec", "serviceAccountName"),
        lambda f: names.SENDER_SERVICE_ACCOUNT,
        "service account",
    ),
    Derived(("Service",), ("spec", "selector"), _marks, "selector"),
    Derived(("StatefulSet",), ("spec", "serviceName"), lambda f: names.siblings(f.campaign), "Service of siblings"),
    Derived(("PersistentVolumeClaim",), ("metadata", "name"), lambda f: names.EXPORTED_CLAIM, "claim"),
    Derived(("PodDisruptionBudget",), ("spec", "selector", "matchLabels"), _marks, "selector"),
    Derived(("ServiceAccount",), ("metadata", "name"), lambda f: names.SENDER_SERVICE_ACCOUNT, "service account"),
)
"""What must differ between campaigns. Prometheus takes its labels `campaign` and `lane` from those of the Service."""

CONFIG_MAPS = (names.SENDER_CONFIG_MAP, names.SENDER_IDENTITY_CONFIG_MAP)
SECRETS = (names.SUBMISSION_SECRET, names.SENDER_STORE_SECRET)
"""What a part of a sender reads."""
USER = ("data", "username")

DOCUMENT: dict[str, tuple[Callable[[Facts], str | None], str]] = {
    "campaign": (lambda f: f.campaign, "campaign"),
    "lane": (lambda f: f.lane, "lane"),
    "hostname": (lambda f: names.lane_host(f.lane, f.domain) if f.lane else None, "HELO name"),
}
"""By key of the sender's configuration, what it is derived from, and what it is for."""

ABOUT = About(
    name="derived-identity",
    display_name="Derived identity",
    description=(
        "Names, labels, selectors, accounts, users and the HELO name of a campaign equal a pure function of its id or "
        "its lane's; the reflector that proves its address is the committed one."
    ),
    why=(
        "Two campaigns with one label, user or HELO name are counted, authenticated or judged as one, and no run of "
        "one stack would see it."
    ),
    remediation="Take the value from warmlane/names.py or warmlane/labels.py instead of writing it out.",
    severity=Severity.HIGH,
    inputs=(
        *(one for derived in TABLE for one in plan(scopes.of_campaigns(*derived.kinds), derived.path)),
        *plan(scopes.CAMPAIGN_POD_TEMPLATES, *scopes.in_containers("env")),
        *plan(scopes.of_campaigns("ConfigMap", "Secret", "Service"), ("metadata", "name")),
        *plan(scopes.of_campaigns("Service"), ("spec", "clusterIP")),
        *plan(scopes.CAMPAIGN_POD_TEMPLATES, ("spec", "volumes", EACH, "persistentVolumeClaim")),
        *plan(scopes.named("Secret", names.SUBMISSION_SECRET), USER),
        *plan(scopes.named("ConfigMap", names.SENDER_CONFIG_MAP), ("data", CONFIG_KEY)),
        *after_creation(scopes.named("ConfigMap", names.SENDER_IDENTITY_CONFIG_MAP), ("data", IDENTITY_KEY)),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    kind = kubernetes.kind(resource)
    if not kind or not scopes.is_campaign_stack(resource):
        return
    campaign = resource.stack.partition(".")[0]
    facts = Facts(
        campaign, committed.leased_lane(campaign, resource.stack), committed.environment(resource.stack).domain
    )
    what = title(resource)
    for derived in TABLE:
        if kind in derived.kinds:
            yield from _compared(what, derived, at(resource.props, *derived.path), derived.value(facts))
    if kind == "ConfigMap":
        yield from _read_by_a_sender(resource, what, CONFIG_MAPS)
        yield from _config_map(resource, what, facts)
        yield from _proof(resource, what, facts)
    if kind == "Secret":
        yield from _read_by_a_sender(resource, what, SECRETS)
        yield from _user(resource, what, facts)
    if kind == "Service":
        yield from _service(resource, what, facts)
    if kubernetes.has_pods(resource):
        yield from _variables(resource, what, facts)
    yield from _claims(resource, what)


def _compared(what: str, derived: Derived, found: Any, right: Any) -> Iterator[str]:
    if found is UNKNOWN or found == right:
        return
    yield _message(what, ".".join(derived.path), found, right, derived.what)


def _message(what: str, place: str, found: Any, right: Any, of: str) -> str:
    shown = "is missing" if found is None else f"is {found}"
    if right is None:
        return f"{what}: {place} {shown}, and this campaign holds no lane. Lease one in the environment's config."
    return f"{what}: {place} {shown}. The {of} is derived from the campaign's or lane's id: set it to {right}."


def _read_by_a_sender(resource: Resource, what: str, known: tuple[str, ...]) -> Iterator[str]:
    if at(resource.props, "metadata", "name") not in (*known, UNKNOWN):
        yield f"{what} has a name that no part of a sender reads. Name it {' or '.join(known)}, or remove it."


def _service(resource: Resource, what: str, facts: Facts) -> Iterator[str]:
    """Producers' Service, or the one without an address by which siblings find one another."""
    found = at(resource.props, "metadata", "name")
    if found == names.siblings(facts.campaign):
        address = at(resource.props, "spec", "clusterIP")
        if address not in ("None", UNKNOWN):
            yield _message(what, "spec.clusterIP", address, "None", "way of siblings to one another")
    elif found is not UNKNOWN and found != names.service(facts.campaign):
        yield _message(what, "metadata.name", found, names.service(facts.campaign), "Service")


def _user(resource: Resource, what: str, facts: Facts) -> Iterator[str]:
    found, right = at(resource.props, *USER), _encoded(names.submission_user(facts.campaign))
    if at(resource.props, "metadata", "name") == names.SUBMISSION_SECRET and found not in (right, UNKNOWN):
        yield _message(what, ".".join(USER), found, right, "submission user, in base64,")


def _config_map(resource: Resource, what: str, facts: Facts) -> Iterator[str]:
    text = at(resource.props, "data", CONFIG_KEY)
    if at(resource.props, "metadata", "name") != names.SENDER_CONFIG_MAP or not isinstance(text, str):
        return
    try:
        document = json.loads(text)
    except ValueError:
        yield f"{what} does not hold JSON in {CONFIG_KEY}. Write it by warmlane.sender_config."
        return
    for key, (value, of) in DOCUMENT.items():
        if at(document, key) != value(facts):
            yield _message(what, f"{CONFIG_KEY} {key}", at(document, key), value(facts), of)


def _proof(resource: Resource, what: str, facts: Facts) -> Iterator[str]:
    """A sender believes whom its identity names: with another reflector or address it would send as any lane."""
    data = at(resource.props, "data")
    text = at(data, IDENTITY_KEY)
    if at(resource.props, "metadata", "name") != names.SENDER_IDENTITY_CONFIG_MAP or text is UNKNOWN:
        return
    try:
        document = json.loads(text)
    except (TypeError, ValueError):
        yield f"{what} does not hold JSON in {IDENTITY_KEY}, so its sender sends nothing. Write it by CampaignSender."
        return
    environment = committed.environment(resource.stack)
    lane = environment.lanes.get(facts.lane or "")
    # None where it is not in the config: the lab's key lies in a file, and a provider chooses most addresses.
    right = {
        ("address",): lane.address if lane else None,
        ("reflector", "address"): environment.reflector.address,
        ("reflector", "public_key"): environment.reflector.public_key,
    }
    for path, value in right.items():
        if value is not None and at(document, *path) != str(value):
            yield (
                f"{what}: {'.'.join(path)} in {IDENTITY_KEY} is {at(document, *path)}, but the committed config says "
                f"{value}. Write it by CampaignSender."
            )


def _variables(resource: Resource, what: str, facts: Facts) -> Iterator[str]:
    """`CAMPAIGN_ID` is the campaign's in each container that sets it, and one container does."""
    given = [
        variable
        for container in kubernetes.containers(at(kubernetes.pod_template(resource), "spec"))
        for variable in items(container, "env")
        if at(variable, "name") == CAMPAIGN_VARIABLE
    ]
    if not given:
        yield _message(what, CAMPAIGN_VARIABLE, None, facts.campaign, "containers' variable")
    for variable in given:
        found = at(variable, "value")
        if found not in (facts.campaign, UNKNOWN):
            yield _message(what, CAMPAIGN_VARIABLE, found, facts.campaign, "containers' variable")


def _claims(resource: Resource, what: str) -> Iterator[str]:
    """Claims get storage of their own; none names what another campaign's claim could name too."""
    for volume in items(kubernetes.pod_template(resource), "spec", "volumes") if kubernetes.has_pods(resource) else ():
        claimed = at(volume, "persistentVolumeClaim", "claimName")
        if claimed not in (None, names.EXPORTED_CLAIM, UNKNOWN):
            yield _message(what, f"volume {at(volume, 'name')}", claimed, names.EXPORTED_CLAIM, "claim")
    specs = [mapping(claim, "spec") for claim in items(resource.props, "spec", "volumeClaimTemplates")]
    if kubernetes.kind(resource) == "PersistentVolumeClaim":
        specs.append(mapping(resource.props, "spec"))
    for spec in specs:
        for field in CLAIM_BINDINGS:
            if spec.get(field) not in (None, {}, ""):
                yield f"{what} names its storage by {field}, which another campaign could name too. Remove {field}."


RULE = resource_rule(ABOUT, judge)
