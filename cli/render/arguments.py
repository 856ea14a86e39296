"""A recorded stack as the policy SDK hands it to rules: proxies for dicts, and resources that know each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from cli.render.recording import Recording, Registration
from lab.standins.aws.changes import foreseen, with_all_tags
from lab.standins.aws.tables import TABLE


@dataclass(frozen=True)
class Shown:
    """A resource as its program declares it."""

    urn: str
    type: str
    name: str
    props: Any
    options: PolicyResourceOptions
    provider: PolicyProviderResource | None

    def args(self, config: Mapping[str, Any]) -> ResourceValidationArgs:
        """What a resource rule gets; `config` are the rule's properties."""
        return ResourceValidationArgs(self.type, self.props, self.urn, self.name, self.options, self.provider, config)


class Arguments:
    """A recorded stack in the policy SDK's words."""

    def __init__(self, recording: Recording) -> None:
        made = recording.registrations
        plain = {one.urn: deserialize_properties(one.inputs) for one in made}
        inputs = {urn: unknown_checking_proxy(props) for urn, props in plain.items()}
        by_urn = {one.urn: one for one in made}
        self.shown = [
            Shown(
                one.urn,
                one.type,
                one.name,
                inputs[one.urn],
                _options(one),
                _provider(_provider_urn(one), by_urn, inputs),
            )
            for one in made
        ]
        """Every resource, the stack and its components as well, as the engine shows them to resource rules."""
        self.resources = [
            PolicyResource(
                one.type,
                _outputs(one, plain, shown.props),
                one.urn,
                one.name,
                shown.options,
                shown.provider,
                None,
                [],
                {},
            )
            for one, shown in zip(made, self.shown, strict=True)
        ]
        found = {resource.urn: resource for resource in self.resources}
        for one, resource in zip(made, self.resources, strict=True):
            resource.parent = found.get(one.parent)
            resource.dependencies = [found[urn] for urn in one.dependencies if urn in found]
            resource.property_dependencies = {
                key: [found[urn] for urn in urns if urn in found]
                for key, urns in one.property_dependencies.items()
                if urns
            }

    def stack_args(self, config: Mapping[str, Any]) -> StackValidationArgs:
        """The whole stack as arguments."""
        return StackValidationArgs(self.resources, config)


def _outputs(made: Registration, inputs: Mapping[str, dict[str, Any]], shown: Any) -> Any:
    """What a stack rule gets of a resource; `inputs` are those of all resources by URN, `shown` its own as proxies.

    A component has what it registered. What AWS computes is unknown, and Kubernetes foresees what it is given.
    """
    if not made.custom:
        return unknown_checking_proxy(deserialize_properties(made.outputs))
    row = TABLE.get(made.type)
    if row is None:
        return shown
    region = inputs.get(_provider_urn(made), {}).get("region", UNKNOWN_STRING_VALUE)
    return unknown_checking_proxy(foreseen(row, with_all_tags(row, inputs[made.urn], {}), None, region))


def _provider_urn(made: Registration) -> str:
    """A provider's reference is its URN and its id."""
    return made.provider.rpartition("::")[0]


def _options(made: Registration) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=made.protect,
        ignore_changes=list(made.ignore_changes),
        delete_before_replace=made.delete_before_replace,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=list(made.secret_outputs),
        parent=made.parent or None,
    )


def _provider(urn: str, made: Mapping[str, Registration], inputs: Mapping[str, Any]) -> PolicyProviderResource | None:
    if urn not in made:
        return None
    return PolicyProviderResource(made[urn].type, inputs[urn], urn, made[urn].name)
