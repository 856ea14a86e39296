"""The frame of a rule: a pure function that yields messages, and the metadata by which Pulumi shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.plain import plain
from warmlane.errors import ConfigError


@dataclass(frozen=True)
class Resource:
    """A resource as a rule sees it: plain values, and URNs in place of other resources.

    `dependencies` and `property_dependencies` are filled for stack rules only; the engine gives them to no other.
    """

    urn: str
    type: str
    name: str
    props: dict[str, Any]
    protect: bool
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        """The stack's name, the third part of a URN."""
        return self.urn.split("::")[0].rsplit(":", 1)[1]

    @property
    def type_chain(self) -> list[str]:
        """Types from the outermost component to the resource itself."""
        return self.urn.split("::")[2].split("$")


Judge = Callable[[Resource], Iterator[str]]
"""Yields a message for each violation of one resource."""

StackJudge = Callable[[list[Resource]], Iterator[tuple[str, Resource]]]
"""Yields a message, and the resource that it is about, for each violation of a whole stack."""


@dataclass(frozen=True)
class About:
    """What is shown of a rule. `name` is kebab-case; every rule is mandatory."""

    name: str
    display_name: str
    description: str
    remediation: str
    severity: Severity

    def settings(self) -> dict[str, Any]:
        """Keyword arguments that both kinds of policy take."""
        return {
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "remediation_steps": self.remediation,
            "severity": self.severity,
            "enforcement_level": EnforcementLevel.MANDATORY,
        }


def resource_rule(about: About, judge: Judge) -> ResourceValidationPolicy:
    """A rule that sees one resource at a time, before it is created."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(args.urn, args.resource_type, args.name, plain(args.props), bool(args.opts.protect))
        try:
            for message in judge(resource):
                report(message, None)
        except ConfigError as error:
            report(f"{about.display_name} can't be judged without sound configuration. {error}", None)

    return ResourceValidationPolicy(validate=validate, **about.settings())


def stack_rule(about: About, judge: StackJudge) -> StackValidationPolicy:
    """A rule that sees all resources of a stack, at the end of a preview."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [
            Resource(
                urn=resource.urn,
                type=resource.resource_type,
                name=resource.name,
                props=plain(resource.props),
                protect=bool(resource.opts.protect),
                dependencies=tuple(dependency.urn for dependency in resource.dependencies),
                property_dependencies={
                    key: tuple(dependency.urn for dependency in dependencies)
                    for key, dependencies in resource.property_dependencies.items()
                },
            )
            for resource in args.resources
        ]
        try:
            for message, resource in judge(resources):
                report(message, resource.urn)
        except ConfigError as error:
            report(f"{about.display_name} can't be judged without sound configuration. {error}", None)

    return StackValidationPolicy(validate=validate, **about.settings())
