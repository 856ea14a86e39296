"""A Pulumi engine for tests that records what a program registers, with the options that Pulumi's own mocks drop.

It answers as an update does, where providers have made what comes first, so that ids, addresses and applied values are
known. `cli/render/recording.py` answers as a first preview does, where they are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks

from warmlane.campaign import Campaign
from warmlane.config import check_campaign, parse_campaign, parse_environment
from warmlane.environment import Environment, Images, Lease

REPOSITORY = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "ab" * 32
IMAGES = Images.model_validate(
    {name: f"warmlane.local/{name}@{DIGEST}" for name in ("sender", "prometheus", "alertmanager", "postgresql")}
)


@dataclass(frozen=True)
class Recorded:
    """A resource as a program registered it; `parent` and `depends_on` are logical names."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    depends_on: frozenset[str]
    property_dependencies: dict[str, frozenset[str]]
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    deleted_with: str
    replace_on_changes: list[str]
    timeouts: dict[str, str]
    import_id: str
    provider: str
    custom: bool


def _name(urn: str) -> str:
    return urn.split("::")[-1]


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """What was registered, by type and logical name; the same twice is an error, as in the engine."""

    stack_outputs: dict[str, Any] = field(default_factory=dict)
    resources: dict[tuple[str, str], Recorded] = field(default_factory=dict)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self.stack_outputs}
        computed: dict[str, Any] = {}
        if args.typ == "aws:ec2/eip:Eip":
            computed = {"publicIp": f"198.51.100.{20 + len(args.name)}", "allocationId": f"eipalloc-{args.name}"}
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {}

    def of(self, type_: str) -> dict[str, Recorded]:
        """By logical name, what was registered of a type."""
        return {name: found for (kind, name), found in self.resources.items() if kind == type_}

    def one(self, type_: str, name: str) -> Recorded:
        """The resource of that type and name."""
        assert (type_, name) in self.resources, f"{type_} {name} was not registered; there are {sorted(self.resources)}"
        return self.resources[type_, name]


class RecordingMonitor(mocks.MockMonitor):
    """Keeps the options of each registration, which `MockResourceArgs` lacks."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the monitor's
        answer = super().RegisterResource(request)
        key = (request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return answer
        assert key not in self.recorder.resources, f"{key} is registered twice: the engine refuses a URN that exists"
        self.recorder.resources[key] = Recorded(
            type=request.type,
            name=request.name,
            inputs=pulumi.runtime.rpc.deserialize_properties(request.object, keep_unknowns=True),
            parent=_name(request.parent),
            depends_on=frozenset(map(_name, request.dependencies)),
            property_dependencies={
                key: frozenset(map(_name, found.urns)) for key, found in request.propertyDependencies.items()
            },
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            deleted_with=request.deletedWith,
            replace_on_changes=list(request.replaceOnChanges),
            timeouts={verb: getattr(request.customTimeouts, verb) for verb in ("create", "update", "delete")},
            import_id=request.importId,
            provider=request.provider,
            custom=request.custom,
        )
        return answer


Run = Callable[..., Recorder]


@pytest.fixture
def run() -> Run:
    """Runs a program to its end, that is until every registration has landed, and returns what it registered."""

    def run(
        program: Callable[[], Any], *, preview: bool = False, stack: str = "dev", outputs: dict[str, Any] | None = None
    ) -> Recorder:
        recorder = Recorder(stack_outputs=outputs or {})
        mocks.set_mocks(
            recorder,
            project="warmlane",
            stack=stack,
            preview=preview,
            monitor=RecordingMonitor(recorder),
            organization="organization",
        )

        @pulumi.runtime.test
        def drained() -> None:
            program()

        drained()
        return recorder

    return run


def document(file: str, key: str) -> dict[str, Any]:
    """What stands in a committed stack file under a config key."""
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / file).read_text())["config"][key]
    return found


def environment_from(file: str, **changes: Any) -> Environment:
    """A committed environment with images, and with top-level keys replaced."""
    data = {**document(file, "warmlane:environment"), **changes}
    data.pop("images_file", None)
    return parse_environment({**data, "images": IMAGES.model_dump(mode="json")}, file)


@dataclass(frozen=True)
class Case:
    """An environment and one of its campaigns."""

    name: str
    environment: Environment
    campaign: Campaign
    lease: Lease

    @property
    def outputs(self) -> dict[str, Any]:
        """What the environment's deployed stack says."""
        return {
            "lanes": {lane: {"address": "198.51.100.20"} for lane in self.environment.lanes},
            "leases": {id_: lease.lane for id_, lease in self.environment.leases.items()},
            "store_access": {id_: {"password": "canary-access"} for id_ in self.environment.leases},
        }


def _case(campaign_id: str, name: str) -> Case:
    environment = environment_from(f"Pulumi.{name}.yaml")
    file = f"campaigns/Pulumi.{campaign_id}.{name}.yaml"
    campaign = parse_campaign(document(file, "warmlane:campaign"), file)
    return Case(name, environment, campaign, check_campaign(campaign, f"{campaign_id}.{name}", environment, file))


@pytest.fixture
def dev() -> Case:
    """The lab, with its campaign spring-sale."""
    return _case("spring-sale", "dev")


@pytest.fixture
def prod() -> Case:
    """The committed EKS example, with its campaign receipts."""
    return _case("receipts", "prod")
