"""Judges a recorded stack by the policy pack, as the engine does in a preview: same rules, same arguments, same levels.

Here too each resource is unpacked once, and every rule gets the same proxies; rules only read. One resource goes
through all rules before the next does, since rules share what they read of the last one (policies.rule).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import _NotApplicableError
from pulumi_policy.proxy import UnknownValueError

from cli.events import Violation, resource_name
from cli.render.arguments import Arguments
from cli.render.recording import Recording, without_collector
from policies import pack

Rule = ResourceValidationPolicy | StackValidationPolicy
Config = Mapping[str, Mapping[str, Any]]
"""By rule, or `all`: properties, and beside them the rule's level."""


@dataclass
class Judgement:
    """What the pack says of a stack: rules that passed, violations, and by rule why it had nothing to say."""

    passed: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    not_applicable: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> list[str]:
        """Rules that would stop the engine, sorted."""
        return sorted({violation.policy for violation in self.violations if violation.blocks})


def judge(recording: Recording, rules: Sequence[Rule], config: Config) -> Judgement:
    """The verdict of every rule that the config does not disable."""
    with without_collector():
        stack = Arguments(recording)
        levels = [(rule, level_of(rule, config)) for rule in rules]
        verdicts = [
            _Verdict(rule, level, properties_of(rule, config))
            for rule, level in levels
            if level is not EnforcementLevel.DISABLED
        ]
        of_resources = [one for one in verdicts if isinstance(one.rule, ResourceValidationPolicy)]
        for shown in stack.shown:
            for one in of_resources:
                one.hear(shown.args(one.properties), shown.urn)
        for one in verdicts:
            if isinstance(one.rule, StackValidationPolicy):
                one.hear(stack.stack_args(one.properties), recording.registrations[0].urn)
        found = Judgement()
        for one in verdicts:
            one.end(found)
        return found


def properties_of(rule: Rule, config: Config) -> dict[str, Any]:
    """What a rule is told in the config, beside its level."""
    return {key: value for key, value in config.get(rule.name, {}).items() if key != pack.LEVEL}


def level_of(rule: Rule, config: Config) -> EnforcementLevel:
    """The level at which a rule judges: its own in the config, that of `all` there, or the rule's."""
    for key in (rule.name, pack.ALL):
        if pack.LEVEL in config.get(key, {}):
            level = EnforcementLevel(config[key][pack.LEVEL])
            break
    else:
        level = rule.enforcement_level or EnforcementLevel.MANDATORY
    # No rule of the pack rewrites a resource, and what is still wrong after a remediation is mandatory.
    return EnforcementLevel.MANDATORY if level is EnforcementLevel.REMEDIATE else level


@dataclass
class _Verdict:
    """Collects what one rule says of one stack."""

    rule: Rule
    level: EnforcementLevel
    properties: Mapping[str, Any]
    judged: bool = False
    said: dict[Violation, None] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def hear(self, args: ResourceValidationArgs | StackValidationArgs, about: str) -> None:
        """Asks the rule; `about` is the URN of what it judges, unless its message names another."""

        def report(message: str, urn: str | None = None) -> None:
            self._violated(self.level, f"{self.rule.description}\n{message}", urn or about)

        try:
            self.rule.validate(args, report)
            self.judged = True
        except UnknownValueError as error:
            # As the SDK does it: the rest of the rule is lost, and what is left is a warning.
            self._violated(EnforcementLevel.ADVISORY, f"can't run policy '{self.rule.name}': {error.message}", about)
        except _NotApplicableError as error:
            self.reasons.append(error.reason or "")

    def _violated(self, level: EnforcementLevel, message: str, urn: str) -> None:
        self.said[Violation(self.rule.name, level.value, resource_name(urn), message)] = None

    def end(self, into: Judgement) -> None:
        """Sorts the rule in, once it has seen everything."""
        into.violations.extend(self.said)
        if self.judged and not self.said:
            into.passed.append(self.rule.name)
        elif not self.said:
            into.not_applicable[self.rule.name] = "; ".join(dict.fromkeys(filter(None, self.reasons)))
