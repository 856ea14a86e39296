"""What the engine says while it works, as one record of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.outcome import Code

COLOR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*[A-Za-z]")
"""Color directives of the engine, and those of terminals."""
UNCHANGED = ("same", "read", "refresh")
"""Operations that leave a resource as it is."""
AMBIENT = re.compile(r"^using pulumi-\S+ from \$PATH at ")
"""The engine's warning about a program that it took from PATH: in the lab that is on purpose."""
STACK_TYPE = "pulumi:pulumi:Stack"
BLOCKING = "mandatory"


@dataclass(frozen=True)
class Violation:
    """What a policy said of a resource; `level` is `mandatory` or `advisory`."""

    policy: str
    level: str
    resource: str
    message: str

    @property
    def blocks(self) -> bool:
        """Whether the engine stops for it."""
        return self.level == BLOCKING


@dataclass(frozen=True)
class Diagnostic:
    """A warning or an error of program, provider or engine; `resource` is empty where it concerns none."""

    severity: str
    resource: str
    message: str


@dataclass
class Record:
    """A run of the engine, from its events. An update's preview is part of it."""

    previewed: bool = False
    """The preview has ended (well or not)."""
    planned: int = 0
    """Steps that the preview counted."""
    done: int = 0
    """Steps done in the current phase."""
    updating: bool = False
    """The update has begun: from here on the world may change."""
    changes: dict[str, int] = field(default_factory=dict)
    """By operation, resources as the engine summed them up last: the preview's, or the update's."""
    made: dict[str, int] = field(default_factory=dict)
    """By operation, resources of the update: its own sum, or what was seen of one that came to none."""
    passed: set[str] = field(default_factory=set)
    """Policies that judged something and found nothing wrong so far."""
    violations: list[Violation] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Names of resources whose operation failed."""
    types: set[str] = field(default_factory=set)
    """Types of the stack's resources."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Adds one event (Pulumi's apitype.EngineEvent as JSON); kinds that say nothing here are passed over."""
        for kind, body in event.items():
            match kind:
                case "preludeEvent":
                    self.done = 0
                    self.updating = self.previewed
                case "resourcePreEvent":
                    self.types.add(body["metadata"]["type"])
                case "resOutputsEvent":
                    self.done += 1
                    if self.updating:
                        operation = body["metadata"]["op"]
                        self.made[operation] = self.made.get(operation, 0) + 1
                case "resOpFailedEvent":
                    self.done += 1
                    self.failed.append(resource_name(body["metadata"]["urn"]))
                case "policyAnalyzeSummaryEvent" | "policyAnalyzeStackSummaryEvent":
                    self.passed.update(body.get("passed") or ())
                case "policyEvent":
                    self._violated(body)
                case "diagnosticEvent":
                    self._diagnosed(body)
                case "summaryEvent":
                    self._summed_up(body)

    def _violated(self, body: Mapping[str, Any]) -> None:
        resource = resource_name(body.get("resourceUrn", ""))
        message = plain(body["message"])
        violation = Violation(body["policyName"], body["enforcementLevel"], resource, message)
        if violation not in self.violations:
            self.violations.append(violation)

    def _diagnosed(self, body: Mapping[str, Any]) -> None:
        if body["severity"] not in {"warning", "error"} or body.get("ephemeral"):
            return
        urn = body.get("urn", "")
        resource = "" if urn_type(urn) == STACK_TYPE else resource_name(urn)
        diagnostic = Diagnostic(body["severity"], resource, plain(body["message"]))
        if AMBIENT.match(diagnostic.message):
            return
        if diagnostic.message and diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

    def _summed_up(self, body: Mapping[str, Any]) -> None:
        changes = {operation: int(count) for operation, count in (body.get("resourceChanges") or {}).items()}
        if body.get("isPreview"):
            self.previewed = True
            self.planned = max(self.done, sum(changes.values()))
        else:
            self.made = changes
        self.changes = changes

    @property
    def policies_passed(self) -> list[str]:
        """Policies that judged something and were broken nowhere."""
        broken = {violation.policy for violation in self.violations if violation.blocks}
        return sorted(self.passed - broken)

    @property
    def policies_broken(self) -> list[str]:
        """Policies that stop the run."""
        return sorted({violation.policy for violation in self.violations if violation.blocks})

    @property
    def judged(self) -> str:
        """How many policies passed, such as `9 of 10`."""
        passed = len(self.policies_passed)
        return f"{passed} of {passed + len(self.policies_broken)}"

    @property
    def errors(self) -> list[Diagnostic]:
        """Diagnostics that are errors."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        """Diagnostics that are warnings."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "warning"]


def changed(changes: Mapping[str, int]) -> int:
    """Resources that do not stay as they are."""
    return sum(count for operation, count in changes.items() if operation not in UNCHANGED)


def verdict(record: Record, exit_status: int) -> Code:
    """The exit code for a run of the engine that ended with `exit_status`.

    A run that a policy stopped, or in which Warmlane's program refused its own config, is a refusal; whatever else went
    wrong is the world's.
    """
    if exit_status == 0:
        return Code.FINE
    if record.policies_broken and not record.failed:
        return Code.REFUSED
    if not record.failed and record.errors and all(is_refusal(error) for error in record.errors):
        return Code.REFUSED
    return Code.FAILED


REFUSALS = re.compile(
    r"^\S+: \d+ problems?$"
    r"|^Pulumi\.\S+\.yaml leases lane "
    r"|^Lane \S+ (is leased to|has no lease)"
    r"|^The pack's config (makes|names) "
    r"|^validating policy config: ",
    re.MULTILINE,
)
"""First lines of what Warmlane's programs and its pack refuse by themselves (warmlane.errors, campaigns.deployed,
infra.live, policies.pack), and what the engine says of a pack's config that its rules' schemas do not allow."""
PACK_REFUSED = re.compile(
    r'^error: configuring policy pack "[^"]*" at "[^"]*": (.+?)(?=\n\s*\n|\Z)', re.MULTILINE | re.DOTALL
)


def printed_only(output: str) -> list[Diagnostic]:
    """Errors in an engine's output that it sends no event of: why the policy pack refused its config."""
    return [Diagnostic("error", "", plain(message)) for message in PACK_REFUSED.findall(plain(output))]


def is_refusal(error: Diagnostic) -> bool:
    """Whether an error is a refusal by Warmlane's program. One that belongs to a resource never is."""
    return not error.resource and REFUSALS.search(error.message) is not None


def plain(message: str) -> str:
    """A message without colors and outer blank lines."""
    return COLOR.sub("", message).strip()


def resource_name(urn: str) -> str:
    """`Type name` of a resource, such as `Eip amber-address`; empty for an empty URN."""
    if not urn:
        return ""
    return f"{urn_type(urn).rpartition(':')[2]} {urn.rpartition('::')[2]}"


def urn_type(urn: str) -> str:
    """The resource's own type token, without its parents'."""
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""
