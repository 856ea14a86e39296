"""The comment on a pull request: three lines that say it all, then the details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cli.output import counts
from cli.report.changes import Kind, StackChange, compared, renamed
from cli.report.sides import Side, WarmUp
from cli.report.weakening import Weakening, sentence, table, weakenings
from cli.report.words import code, safe, some

MARK = "<!-- warmlane report -->"
"""By it the comment is found again, to be updated."""
LONGEST = 65_536
"""Characters that GitHub takes for a comment (REST API, "body is too long")."""
CUT = "\n\n(cut: the whole report is among the run's artifacts)\n"
SHOWN_FIELDS = 5
"""Changed fields that are listed of one resource."""


def unrendered(why: str) -> str:
    """The comment on a change whose code can't even render, so that no older verdict is left standing."""
    return f"**Refused**: the change can't be rendered.\n{safe(why)[: LONGEST // 2]}\n{MARK}\n"


def comment(base: Side, head: Side, previews: Mapping[str, Mapping[str, int]] | None = None) -> str:
    """The whole comment. `previews`: by stack, resources by operation as the engine's own preview counted them."""
    changes = [one for one in compared(base, head) if one.kind is not Kind.SAME]
    lines = [
        verdict(base, head),
        summary(changes),
        warm_up(changes),
        "",
        *_unrendered_base(base),
        *_refusals(head),
        *table(_weaker(base, head)),
        *_stacks(changes, previews or {}),
        *_topology(base, head),
        *_warm_ups(changes),
        *_warnings(head),
        *_details(changes),
        MARK,
    ]
    text = "\n".join(lines) + "\n"
    if len(text) <= LONGEST:
        return text
    end = f"{CUT}{MARK}\n"
    return text[: LONGEST - len(end)].rsplit("\n", 1)[0] + end


def verdict(base: Side, head: Side) -> str:
    """The first line: whether it may be deployed."""
    parts = list[str]()
    if head.broken:
        files = some([code(stack.name) for stack in head.broken])
        parts.append(f"the configuration of {files} can't be used")
    refused = sorted({violation.policy for _, violation in head.blocking})
    if refused:
        parts.append(f"{len(refused)} of {len(head.rules)} policies say no ({', '.join(map(code, refused))})")
    if head.beside_rules:
        count = len(head.beside_rules)
        parts.append(
            f"{count} thing{'s' if count > 1 else ''} that no rule can see {'are' if count > 1 else 'is'} wrong"
        )
    if not head.rules and not parts:
        parts.append("no policy judged anything")
    if parts:
        return f"**Refused**: {'; '.join(parts)}.{_cautions(base, head)}"
    note = ""
    gone = sorted(base.rules - head.rules)
    if gone:
        note = f", and {len(gone)} no longer {'judges' if len(gone) == 1 else 'judge'} ({some(list(map(code, gone)))})"
    return f"**Allowed**: {len(head.rules)} of {len(head.rules)} policies passed{note}.{_cautions(base, head)}"


def _cautions(base: Side, head: Side) -> str:
    """Sentences where there is nothing to compare with, and where the change weakens rules or edits what judges it:
    then the verdict is its own word."""
    new = " The base can't be rendered: nothing is compared, every stack counts as new." if base.unrendered else ""
    files = {*base.judges, *head.judges}
    changed = sorted(file for file in files if base.judges.get(file) != head.judges.get(file))
    edited = f" It changes what judges it ({some(list(map(code, changed)))}): read that before you trust this."
    return f"{new}{sentence(_weaker(base, head))}{edited if changed else ''}"


def summary(changes: Sequence[StackChange]) -> str:
    """The second line: what happens to which stacks."""
    if not changes:
        return "No stack changes."
    pairs = renamed(list(changes))
    parts = [
        f"campaign {code(old)} is renamed to {code(new)}: its sender and namespace are made anew, mail that is queued "
        "in the old one is not moved"
        for old, new in pairs.items()
    ]
    told = {*pairs, *pairs.values()}
    for kind in (Kind.ADDED, Kind.REMOVED, Kind.CHANGED):
        of_kind = [one for one in changes if one.kind is kind and one.name not in told]
        for what, found in (
            ("environment", [one for one in of_kind if not one.stack.campaign]),
            ("campaign", [one for one in of_kind if one.stack.campaign]),
        ):
            if found:
                word = what if len(found) == 1 else f"{what}s"
                parts.append(f"{len(found)} {word} {kind} ({some(list(map(_short, found)))})")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _short(change: StackChange) -> str:
    if change.kind is Kind.REMOVED:
        environment, campaign = change.stack.environment, change.stack.campaign
        what = f"-e {environment} --campaign {campaign}" if campaign else f"-e {environment} --all"
        return f"{code(change.name)}: still deployed until {code(f'warmlane destroy {what}')}"
    warm = change.stack.warm_up
    lane = f" on lane {code(warm.lane)}" if warm and change.kind is Kind.ADDED else ""
    if change.stack.error:
        return f"{code(change.name)}: not rendered"
    return f"{code(change.name)}{lane}: {counts(change.resources)}"


def warm_up(changes: Sequence[StackChange]) -> str:
    """The third line: what it means for warm-up."""
    texts = [text for one in changes if (text := _warm_up_text(one))]
    return f"Warm-up: {some(texts, '; ')}." if texts else "Warm-up: unchanged."


def _warm_up_text(change: StackChange) -> str:
    was = change.before.warm_up if change.before else None
    will = change.after.warm_up if change.after else None
    name = code(change.name)
    if will is None or was == will:
        return ""
    days = (will.reached - will.wanted_by).days
    late = f", {days} day{'' if days == 1 else 's'} too late" if days > 0 else ""
    if was is None:
        return (
            f"{name} starts at {will.first_limit:,} messages/day on lane {code(will.lane)} and reaches "
            f"{will.daily_volume:,} on {will.reached}{late}"
        )
    parts = []
    if was.lane != will.lane:
        parts.append(f"moves from lane {code(was.lane)} to {code(will.lane)}, which starts at {will.first_limit:,}")
    if was.daily_volume != will.daily_volume:
        parts.append(f"goes from {was.daily_volume:,} to {will.daily_volume:,} messages/day")
    if was.plan != will.plan:
        parts.append(f"changes its plan from {code(was.plan)} to {code(will.plan)}")
    parts.append(f"reaches its volume on {will.reached} (was {was.reached}){late}")
    return f"{name} {', '.join(parts)}"


def _unrendered_base(base: Side) -> Iterator[str]:
    if base.unrendered:
        yield "### The base can't be rendered"
        yield safe(base.unrendered)[: LONGEST // 8]
        yield ""


def _refusals(head: Side) -> Iterator[str]:
    for stack in head.broken:
        yield f"### {code(stack.name)} can't be rendered"
        yield from (f"- {safe(line)}" for line in stack.error.splitlines() if line.strip())
        yield ""
    if head.beside_rules:
        yield "### Wrong, and seen by no rule"
        yield from (f"- {safe(text)}" for text in head.beside_rules)
        yield ""
    if head.blocking:
        yield "### Policies that say no"
        for stack, violation in head.blocking:
            yield f"- {code(violation.policy)} in {code(stack.name)}: {safe(violation.message)}"
        yield ""


def _weaker(base: Side, head: Side) -> list[Weakening]:
    return weakenings(base.settings, head.settings)


def _stacks(changes: Sequence[StackChange], previews: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if not changes:
        return
    yield "### Stacks"
    yield "| stack | change | resources (rendered) | resources (the engine's preview) |"
    yield "| --- | --- | --- | --- |"
    for one in changes:
        engine = counts(previews[one.name]) if one.name in previews else "not run"
        yield f"| {code(one.name)} | {one.kind} | {counts(one.resources)} | {engine} |"
    yield ""


def _topology(base: Side, head: Side) -> Iterator[str]:
    """Which campaign sends from which lane, where that changes."""
    before, after = _lanes(base), _lanes(head)
    moved = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if moved:
        yield "### Who sends from which lane"
        yield "| campaign | lane before | lane after |"
        yield "| --- | --- | --- |"
        for name in moved:
            yield f"| {code(name)} | {code(before.get(name, 'none'))} | {code(after.get(name, 'none'))} |"
        yield ""


def _lanes(side: Side) -> dict[str, str]:
    return {name: warm.lane for name, stack in side.stacks.items() if (warm := stack.warm_up)}


def _warm_ups(changes: Sequence[StackChange]) -> Iterator[str]:
    rows = [
        (one.name, was, will)
        for one in changes
        if (was := one.before.warm_up if one.before else None) != (will := one.after.warm_up if one.after else None)
    ]
    if rows:
        yield "### Warm-up"
        yield "| campaign | | lane | plan | first day | daily volume | reached | wanted by |"
        yield "| --- | --- | --- | --- | ---: | ---: | --- | --- |"
        for name, was, will in rows:
            for side, warm in (("before", was), ("after", will)):
                if warm:
                    yield f"| {code(name)} | {side} | {_row(warm)} |"
        yield ""


def _row(warm: WarmUp) -> str:
    cells = (
        code(warm.lane),
        code(warm.plan),
        f"{warm.first_limit:,}",
        f"{warm.daily_volume:,}",
        str(warm.reached),
        str(warm.wanted_by),
    )
    return " | ".join(cells)


def _warnings(head: Side) -> Iterator[str]:
    advice = [(stack, one) for stack in head.stacks.values() for one in stack.violations if not one.blocks]
    if advice:
        yield "### Warnings"
        for stack, one in advice:
            yield f"- {code(one.policy)} in {code(stack.name)}: {safe(one.message)}"
        yield ""


def _details(changes: Sequence[StackChange]) -> Iterator[str]:
    for one in changes:
        if not (one.added or one.removed or one.fields):
            continue
        yield f"<details><summary>Resources of {safe(one.name)}</summary>\n"
        yield from (f"- + {code(name)}" for name in one.added)
        for name, fields in one.fields.items():
            shown = ", ".join(map(code, fields[:SHOWN_FIELDS]))
            more = f" and {len(fields) - SHOWN_FIELDS} more" if len(fields) > SHOWN_FIELDS else ""
            yield f"- ~ {code(name)}: {shown}{more}"
        yield from (f"- - {code(name)}" for name in one.removed)
        yield "\n</details>\n"
