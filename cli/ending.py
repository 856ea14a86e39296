"""How a run of stacks ended: what went wrong and why, what was changed and what was not, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cli.deploy import Done, judged_after_up
from cli.engine import SHOWN_LINES, Run
from cli.events import Violation
from cli.outcome import Code
from cli.output import Output, counts

INTERRUPTED = "Interrupted. Run the command again: it takes up where this run stopped."


def end(output: Output, command: str, done: Done, expect_no_changes: bool = False, **more: object) -> Code:
    """Says how it ended and returns the code of the whole; a change that is not expected is a refusal."""
    runs, code = done.runs, done.code
    adrift = [f"{run.stack.name} ({counts(run.changes)})" for run in runs if run.changed and expect_no_changes]
    failed = [run for run in runs if run.code is not Code.FINE]
    for run in failed:
        output.note(f"\n{run.stack.name} ({run.verb}):")
        for text in explained(run):
            output.note(f"  {text}")
    told = "" if code is Code.FINE else what_changed(runs, done.not_tried)
    advices = [INTERRUPTED] if done.interrupted else list(dict.fromkeys(advice(run) for run in failed))
    if code is Code.FINE and adrift:
        code, told = Code.REFUSED, f"Not as it is deployed: {', '.join(adrift)}."
        advices = ["Find out who changed it; `warmlane up` makes it as it is committed."]
    for text in [told, *advices] if told else ():
        output.note(f"\n{text}")
    for run in runs:
        for warning in run.record.warnings if run.code is Code.FINE else ():
            output.note(f"{run.stack.name}: {warning.message}")
    stacks = [facts(run) for run in runs]
    output.document(command, code, stacks=stacks, not_tried=done.not_tried, what_changed=told, advice=advices, **more)
    return code


def what_changed(runs: Sequence[Run], not_tried: Sequence[str]) -> str:
    """Which stacks were changed, and which were not and why, in one or two sentences."""
    changed, perhaps, unchanged = list[str](), list[str](), list[str]()
    for run in runs:
        name, how = run.stack.name, run.code.name.lower()
        if run.verb != "preview" and run.changed:
            part = "" if run.code is Code.FINE else f" before it {'was refused' if run.code is Code.REFUSED else how}"
            changed.append(f"{name} ({counts(run.changes)}{part})")
        elif run.verb != "preview" and run.code is Code.FAILED and run.record.updating:
            perhaps.append(name)
        else:
            unchanged.append(name if run.code is Code.FINE else f"{name} ({how})")
    unchanged += [f"{name} (not tried)" for name in not_tried]
    if not changed and not perhaps:
        return f"Nothing was changed: {', '.join(unchanged)}."
    groups = (("Changed", changed), ("Perhaps changed", perhaps), ("Not changed", unchanged))
    return " ".join(f"{title}: {', '.join(names)}." for title, names in groups if names)


def facts(run: Run) -> dict[str, Any]:
    """A run as JSON."""
    record = run.record
    return {
        "stack": run.stack.name,
        "project": run.stack.project,
        "verb": run.verb,
        "result": run.code.name.lower(),
        "changes": run.changes,
        "changed": run.changed,
        "seconds": run.seconds,
        "policies": {
            "passed": record.policies_passed,
            "violations": [vars(violation) for violation in [*record.violations, *_found_after(run)]],
            "judged_after_up": judged_after_up(run),
        },
        "diagnostics": [vars(diagnostic) for diagnostic in record.diagnostics],
        "failed_resources": record.failed,
        "explained": [] if run.code is Code.FINE else explained(run),
    }


def explained(run: Run) -> list[str]:
    """Why a run did not end well, whole: policies first, then errors, then the engine's last words if nothing else."""
    record = run.record
    lines = [
        f"{violation.policy}: {violation.message}" + (f" [{violation.resource}]" if violation.resource else "")
        for violation in [*record.violations, *_found_after(run)]
        if violation.blocks
    ]
    lines += [f"{error.resource}: {error.message}" if error.resource else error.message for error in record.errors]
    last = run.analysis.output if run.analysis and run.analysis.status != 0 else run.output
    return lines or [text for text in last.strip().splitlines()[-SHOWN_LINES:] if text.strip()]


def _found_after(run: Run) -> list[Violation]:
    return run.analysis.record.violations if run.analysis else []


def advice(run: Run) -> str:
    """What to do about a run that did not end well."""
    again = f"`warmlane {run.verb}`"
    if _found_after(run):
        return f"It exists, and a policy refuses it as it is: do what the policy asks, then run {again} again."
    if run.code is Code.REFUSED and run.record.policies_broken:
        return f"Do what the policies ask in {run.stack.file} or the code, then run {again} again."
    if run.code is Code.REFUSED:
        return f"Do what the message says, then run {again} again."
    return (
        f"Put right what is named above, then run {again} again: it takes up where this run stopped. "
        "In the lab, `warmlane lab doctor` looks at the machine, and `warmlane lab up` starts what has ended."
    )
