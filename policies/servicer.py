"""The calls by which the engine asks the pack.

The SDK's servicer unpacks a resource anew for each rule, which takes longer than the rules do. Here it is unpacked once
and every rule is given the same proxies; rules only read. As the SDK's own, this judges at the level that the engine
told last, and hands the SDK's arguments to the SDK's policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import unknown_checking_proxy

from policies import pack
from policies.committed import REPOSITORY
from policies.rule import ResourceRule, Rule, StackRule
from policies.rules import RULES
from warmlane.errors import ConfigError


class Servicer(_PolicyAnalyzerServicer):
    """Warmlane's rules for the environment of one stack."""

    def __init__(self, stack: str) -> None:
        """`stack` is empty where nobody has said yet which one is judged."""
        self._settle(stack)

    def _settle(self, stack: str) -> None:
        """Takes the config of the stack's environment; one that is not sound is told when the engine configures."""
        self.registered = set[str]()
        """URNs that the program has registered in this run."""
        self.environment, self.refusal = pack.environment(stack), ""
        config = dict[str, dict[str, Any]]()
        try:
            config = pack.read(REPOSITORY, self.environment, RULES)
        except ConfigError as error:
            self.refusal = str(error)
        # PulumiPolicy.yaml has the version; this one is what the SDK sends where that names none.
        super().__init__(pack.NAME, "0.0.1", list(RULES), EnforcementLevel.MANDATORY, pack.typed(config))

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802 - the names are the engine's
        """Hears which stack is judged, before the engine asks for the rules and what they are told."""
        if request.stack:
            self._settle(request.stack)
        return super().ConfigureStack(request, context)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Takes what the engine made of all configs; a refusal ends the preview before anything is judged."""
        levels = {rule: _level(given.enforcementLevel) for rule, given in request.policyConfig.items()}
        refusal = self.refusal or pack.refusal(self.environment, levels, [rule.name for rule in RULES])
        if refusal:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal)
        return super().Configure(request, context)  # type: ignore[no-untyped-call]

    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What the resource rules say of one resource, as its program declares it."""
        self.registered.add(request.urn)
        response = analyzer_pb2.AnalyzeResponse()
        props, options = _unpacked(request.properties), self._get_resource_options(request)
        for rule, report in self._reports(response):
            if isinstance(rule, ResourceRule):
                config = self._get_policy_config(rule.name)
                args = ResourceValidationArgs(request.type, props, request.urn, request.name, options, None, config)
                rule.validate(args, report)
        return response

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What the stack rules say of all resources that stay, as their providers foresee them.

        After a refresh the engine also shows what the program does not register any more, though it is about to go.
        """
        response = analyzer_pb2.AnalyzeResponse()
        resources = self._resources([one for one in request.resources if one.urn in self.registered])
        for rule, report in self._reports(response):
            if isinstance(rule, StackRule):
                rule.validate(StackValidationArgs(resources, self._get_policy_config(rule.name)), report)
        return response

    def Remediate(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Nothing: no rule rewrites a resource."""
        return analyzer_pb2.RemediateResponse()

    def _reports(self, response: Any) -> Iterator[tuple[Rule, ReportViolation]]:
        """Rules that are not disabled, each with what writes its violations into the response."""
        for rule in RULES:
            level = self._get_enforcement_level(rule)
            if level is EnforcementLevel.DISABLED:
                continue
            # What is still wrong after a remediation is mandatory.
            level = EnforcementLevel.MANDATORY if level is EnforcementLevel.REMEDIATE else level
            yield rule, self._create_report_violation(response, rule.name, rule.description, level, rule.severity)

    def _resources(self, sent: Any) -> list[PolicyResource]:
        """The stack's resources, with parents and dependencies that are of the stack as well."""
        made = list[PolicyResource]()
        for one in sent:
            props, options = _unpacked(one.properties), self._get_resource_options(one)
            made.append(PolicyResource(one.type, props, one.urn, one.name, options, None, None, [], {}))
        found = {resource.urn: resource for resource in made}
        for one, resource in zip(sent, made, strict=True):
            resource.parent = found.get(one.parent)
            resource.dependencies = _known(found, one.dependencies)
            resource.property_dependencies = {
                key: _known(found, those.urns) for key, those in one.propertyDependencies.items()
            }
        return made


def _known(resources: Mapping[str, PolicyResource], urns: Any) -> list[PolicyResource]:
    return [resources[urn] for urn in urns if urn in resources]


def _unpacked(properties: Any) -> Any:
    return unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(properties)))


def _level(number: Any) -> EnforcementLevel:
    return EnforcementLevel[analyzer_pb2.EnforcementLevel.Name(number)]
