"""Judges a recorded stack by the policy pack, as the engine does in a preview: same rules, same arguments, same levels.

The engine sends each resource to the pack once for every rule. Here each is unpacked once, and every rule gets the same
proxies; rules only read.
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
from cli.render.recording import Recording
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
    stack = Arguments(recording)
    found = Judgement()
    for rule in rules:
        level = level_of(rule, config)
        if level is EnforcementLevel.DISABLED:
            continue
        one = _Verdict(rule, level, found)
        properties = {key: value for key, value in config.get(rule.name, {}).items() if key != pack.LEVEL}
        if isinstance(rule, ResourceValidationPolicy):
            for urn, args in stack.resource_args(properties):
                one.hear(args, urn)
        else:
            one.hear(stack.stack_args(properties), recording.registrations[0].urn)
        one.end()
    return found


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
    into: Judgement
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

    def end(self) -> None:
        """Sorts the rule in, once it has seen everything."""
        self.into.violations.extend(self.said)
        if self.judged and not self.said:
            self.into.passed.append(self.rule.name)
        elif not self.said:
            self.into.not_applicable[self.rule.name] = "; ".join(dict.fromkeys(filter(None, self.reasons)))
