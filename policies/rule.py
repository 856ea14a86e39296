"""The frame of a rule: a pure function that yields messages becomes a policy of Pulumi."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pulumi_policy import (
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pydantic import ValidationError

from policies.about import About
from policies.inputs import undecidable
from policies.plain import at, plain
from policies.resource import Resource
from warmlane.base import Model
from warmlane.errors import ConfigError

__all__ = [
    "About",
    "Resource",
    "Rule",
    "configured_resource_rule",
    "configured_stack_rule",
    "resource_rule",
    "stack_rule",
]

Config = TypeVar("Config", bound=Model)
Read = TypeVar("Read")
Found = Iterator[tuple[str, Resource]]

Given = Mapping[str, Any]
"""A rule's properties in the pack's config."""

Judge = Callable[[Resource], Iterator[str]]
"""Yields a message for each violation of one resource."""

StackJudge = Callable[[list[Resource]], Found]
"""Yields a message, and the resource that it is about, for each violation of a whole stack."""


class ResourceRule(ResourceValidationPolicy):
    """A resource policy that tells everything about itself."""

    def __init__(
        self,
        about: About,
        config: type[Model] | None,
        validate: Callable[[ResourceValidationArgs, ReportViolation], None],
    ) -> None:
        self.about, self.config = about, config
        super().__init__(validate=validate, **about.settings(config))


class StackRule(StackValidationPolicy):
    """A stack policy that tells everything about itself."""

    def __init__(
        self,
        about: About,
        config: type[Model] | None,
        validate: Callable[[StackValidationArgs, ReportViolation], None],
    ) -> None:
        self.about, self.config = about, config
        super().__init__(validate=validate, **about.settings(config))


Rule = ResourceRule | StackRule


def resource_rule(about: About, judge: Judge) -> ResourceRule:
    """A rule that sees one resource at a time, as the program declares it, before it is created."""
    return _resource_rule(about, None, lambda _given: judge)


def configured_resource_rule(
    about: About, config: type[Config], judge: Callable[[Resource, Config], Iterator[str]]
) -> ResourceRule:
    """A resource rule that is also given its properties in the pack's config."""
    return _resource_rule(about, config, lambda given: lambda resource: judge(resource, config.model_validate(given)))


def stack_rule(about: About, judge: StackJudge) -> StackRule:
    """A rule that sees all resources of a stack at the end of a preview, with what their providers foresee."""
    return _stack_rule(about, None, lambda _given: judge)


def configured_stack_rule(
    about: About, config: type[Config], judge: Callable[[list[Resource], Config], Found]
) -> StackRule:
    """A stack rule that is also given its properties in the pack's config."""
    return _stack_rule(about, config, lambda given: lambda resources: judge(resources, config.model_validate(given)))


def _resource_rule(about: About, config: type[Model] | None, judge: Callable[[Given], Judge]) -> ResourceRule:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = _read(args.props, lambda: _resource(args))
        for message in undecidable(about.display_name, title, about.inputs, resource):
            report(message, None)
        try:
            for message in judge(args.get_config() or {})(resource):
                report(message, None)
        except (ConfigError, ValidationError) as error:
            report(_unsound(about, error), None)

    return ResourceRule(about, config, validate)


def _stack_rule(about: About, config: type[Model] | None, judge: Callable[[Given], StackJudge]) -> StackRule:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = _read(args.resources, lambda: [_stack_resource(resource) for resource in args.resources])
        for resource in resources:
            for message in undecidable(about.display_name, title, about.inputs, resource):
                report(message, resource.urn)
        try:
            for message, resource in judge(args.get_config() or {})(resources):
                report(message, resource.urn)
        except (ConfigError, ValidationError) as error:
            report(_unsound(about, error), None)

    return StackRule(about, config, validate)


class _Last(threading.local):
    """What was read last in a thread, and what of. One rule after the other is asked about the same."""

    source: object = None
    found: Any = None


_last = _Last()


def _read(source: object, make: Callable[[], Read]) -> Read:
    """What `make` reads of `source`, once for all rules that are asked about it in turn; rules change nothing."""
    if _last.source is not source:
        _last.found = make()
        _last.source = source
    found: Read = _last.found
    return found


def _resource(args: ResourceValidationArgs) -> Resource:
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        props=plain(args.props),
        parent=args.opts.parent or "",
        **_options(args.opts),
    )


def _stack_resource(resource: PolicyResource) -> Resource:
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        props=plain(resource.props),
        parent=resource.parent.urn if resource.parent else "",
        **_options(resource.opts),
        dependencies=tuple(dependency.urn for dependency in resource.dependencies),
        property_dependencies={
            key: tuple(dependency.urn for dependency in dependencies)
            for key, dependencies in resource.property_dependencies.items()
        },
    )


def _options(given: PolicyResourceOptions) -> dict[str, Any]:
    return {
        "protect": bool(given.protect),
        "ignored": tuple(given.ignore_changes),
        "deletes_first": bool(given.delete_before_replace),
    }


def title(resource: Resource) -> str:
    """A resource as messages name it: `Eip amber-address`, `Deployment campaign-a/email-sender-campaign-a`."""
    kind = resource.type.rsplit(":", 1)[1]
    name, namespace = at(resource.props, "metadata", "name"), at(resource.props, "metadata", "namespace")
    if not isinstance(name, str):
        return f"{kind} {resource.name}"
    return f"{kind} {namespace}/{name}" if isinstance(namespace, str) and kind != "Namespace" else f"{kind} {name}"


def _unsound(about: About, error: ConfigError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return f"{about.display_name} can't be judged with this config of {about.name} in the pack's config: {found}."
    return f"{about.display_name} can't be judged without sound configuration. {error}"
