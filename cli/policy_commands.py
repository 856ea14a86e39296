"""`warmlane policy`: what the policy pack demands, and why."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from cli.outcome import Code, Misused

app = typer.Typer(help="The rules that judge a deploy before it is made.", no_args_is_help=True)


@app.command(name="list")
def list_(context: typer.Context) -> None:
    """Every rule with its severity and what it demands."""
    from policies.document import facts
    from policies.rules import RULES

    output, told = context.obj.output, [facts(rule) for rule in RULES]
    rows = [(one["rule"], one["severity"], one["what"]) for one in told]
    output.table("Policies", ("rule", "severity", "demands"), rows)
    output.document("policy list", Code.FINE, rules=told)


@app.command()
def explain(
    context: typer.Context, rule: Annotated[str, typer.Argument(help="The rule's name, such as no-wide-allow.")]
) -> None:
    """What a rule demands, why, what it is decided from, and what to do when it refuses."""
    # Imported here, as Pulumi's packages take longer to load than another command takes to answer.
    from policies.document import facts, sections
    from policies.rules import RULES

    found = {known.name: known for known in RULES}
    if rule not in found:
        near = get_close_matches(rule, found, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise Misused(f"There is no rule {rule}.", f"{meant}Rules: {', '.join(found)}.")
    output, told = context.obj.output, facts(found[rule])
    output.note(f"{told['display_name']} ({rule}): severity {told['severity']}, sees {told['sees']}")
    output.note(f"\n{told['what']}")
    for heading, body in sections(told):
        lines = [body] if isinstance(body, str) else body
        output.note(f"\n{heading}:")
        for text in lines:
            output.note(f"  {text}")
    output.note(f"\nMore: {told['url']}")
    output.document("policy explain", Code.FINE, **told)
