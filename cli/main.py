"""The `warmlane` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli import deploy, ending, growth, images_commands, lab_commands, policy_commands, queued, snapshot, stacks, status
from cli.dash import command as dash_commands
from cli.hold import command as hold_commands
from cli.invocation import INSTALLED, Invocation, committed, engine_of, repository_around
from cli.options import ColumnOption, EnvironmentOption, RecipientsFile
from cli.outcome import Code, Misused, Stop, WorldFailed
from cli.output import Output, counts
from cli.suppress import command as suppress_commands

JSON_OPTION = "--json"


class Interruptible(TyperGroup):
    """The command's group; an interruption is a failure that says how to go on, where Typer would say `Aborted!`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):
            raise WorldFailed("Interrupted.", "Run the command again: it takes up where this run stopped.") from None


app = typer.Typer(
    name="warmlane",
    cls=Interruptible,
    help="Isolated senders and warm, dedicated addresses for many mail campaigns, as code.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(lab_commands.app, name="lab")
app.add_typer(images_commands.app, name="images")
app.add_typer(policy_commands.app, name="policy")
app.add_typer(suppress_commands.app, name="suppress")
app.command(name="hold")(hold_commands.hold_)
app.command(name="release")(hold_commands.release)
app.command(name="dash")(dash_commands.dash)

CampaignOption = Annotated[
    list[str] | None, typer.Option("--campaign", "-c", help="This campaign alone; may be given several times.")
]
AllOption = Annotated[bool, typer.Option("--all", help="The environment and all its campaigns.")]
RefreshOption = Annotated[
    bool, typer.Option("--refresh/--no-refresh", help="First look at what there is, so that what is gone comes back.")
]


@app.callback()
def common(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option(JSON_OPTION, help="One JSON document on standard output.")] = False,
) -> None:
    """Without --campaign and --all a command is about the environment's own stack."""
    output, here = Output(as_json), repository_around(Path.cwd())
    if here is None and context.invoked_subcommand not in ("lab", "check-list"):
        output.side.print(f"{Path.cwd()} is in no repository of Warmlane; this is about {INSTALLED}", markup=False)
    context.obj = Invocation(here or INSTALLED, output)


@app.command()
def preview(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    campaign: CampaignOption = None,
    all_: AllOption = False,
    refresh: RefreshOption = True,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Refuse when anything is not as it is deployed.")
    ] = False,
) -> None:
    """Shows what `up` would change, judged by the policy pack; changes nothing."""
    _deploy(context.obj, "preview", environment, campaign or (), all_, refresh, expect_no_changes)


@app.command()
def up(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    campaign: CampaignOption = None,
    all_: AllOption = False,
    refresh: RefreshOption = True,
) -> None:
    """Previews, judges and deploys: the environment first, then campaigns beside each other."""
    _deploy(context.obj, "up", environment, campaign or (), all_, refresh)


@app.command()
def destroy(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    campaign: CampaignOption = None,
    all_: AllOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Without a terminal nobody is asked.")] = False,
    discard: Annotated[
        str | None, typer.Option("--discard", help="Lose the mail that is queued, or may be, for this reason.")
    ] = None,
) -> None:
    """Removes what is selected; lanes keep their addresses, and an environment in use or queued mail stays."""
    invocation: Invocation = context.obj
    selection = stacks.selected(invocation.repository, environment, campaign or (), all_)
    # Destroying an environment runs its program (infra.guard).
    loaded = committed(invocation.repository, environment, selection.with_environment)
    engine = engine_of(invocation, loaded, environment)
    session = deploy.Session(engine, invocation.output, loaded, selection)
    if selection.with_environment:
        deploy.refuse_while_in_use(session)
    what = [f"environment {environment}"] if selection.with_environment else []
    what += [f"campaign {name}" for name in selection.campaigns]
    if sys.stdin.isatty() and not yes and not typer.confirm(f"Destroy {', '.join(what)}?", err=True):
        raise Misused("Nothing was destroyed.", "Answer y, or give --yes.")
    with queued.settled(session, discard) as mail:
        done = deploy.destroy(session)
    kept = list[str]()
    if selection.with_environment and done.code is Code.FINE:
        kept = deploy.kept(engine.deployment(stacks.environment_stack(environment)))
        invocation.output.note(
            f"Kept, as they are protected: {', '.join(kept)}. The next `warmlane up` uses them again."
            if kept
            else "Nothing is left."
        )
    raise typer.Exit(ending.end(invocation.output, "destroy", done, kept=kept, queued=mail))


@app.command(name="snapshot")
def snapshot_(context: typer.Context, environment: EnvironmentOption = "dev") -> None:
    """Writes what only the running environment knows (delivered volumes, leases) to a file for the policy pack."""
    invocation: Invocation = context.obj
    stacks.selected(invocation.repository, environment, (), False)
    loaded = committed(invocation.repository, environment)
    engine = engine_of(invocation, loaded, environment)
    file, found = snapshot.write(engine, loaded, environment, invocation.repository)
    rows = growth.rows(invocation.repository, loaded, found, found.taken.date())
    invocation.output.table(f"Lanes of {environment}", growth.COLUMNS, [row.cells for row in rows])
    for text in (*growth.notes(rows), *snapshot.notes(file, found)):
        invocation.output.note(text)
    facts = [row.facts for row in rows]
    invocation.output.document("snapshot", Code.FINE, environment=environment, file=file, lanes=facts)
    raise typer.Exit(Code.FINE)


@app.command(name="status")
def status_(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    campaign: CampaignOption = None,
    all_: AllOption = False,
) -> None:
    """The campaigns with lane, address, stage, pods and last update."""
    invocation: Invocation = context.obj
    selection = stacks.selected(invocation.repository, environment, campaign or (), all_ or not campaign)
    loaded = committed(invocation.repository, environment)
    engine = engine_of(invocation, loaded, environment)
    rows, problem = status.gathered(engine, loaded, selection)
    invocation.output.table(f"Campaigns of {environment}", status.COLUMNS, [row.cells for row in rows])
    code = Code.FAILED if problem else Code.FINE
    if problem:
        invocation.output.note(problem)
    invocation.output.document(
        "status", code, environment=environment, campaigns=[row.facts for row in rows], error=problem
    )
    raise typer.Exit(code)


@app.command()
def render(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    campaign: CampaignOption = None,
    all_: AllOption = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Directory for the manifests (.render).")] = None,
) -> None:
    """Shows what would be made and what the policy pack says, in seconds: no engine, no cluster, no cloud."""
    # Imported here, as Pulumi's packages take longer to load than another command takes to answer.
    from cli.render import command as render_command

    invocation: Invocation = context.obj
    selection = stacks.selected(invocation.repository, environment, campaign or (), all_)
    render_command.run(invocation.output, invocation.repository, selection, out)


@app.command()
def report(
    context: typer.Context,
    base: Annotated[str, typer.Option("--base", help="The commit, branch or tag to compare the working copy with.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory for comment, SARIF and the list of stacks.")],
    previews: Annotated[
        Path | None, typer.Option("--previews", help="Directory with the output of `warmlane --json preview`.")
    ] = None,
) -> None:
    """Shows what a change does to every environment, as the comment of a pull request; needs what `render` needs."""
    from cli.report import command as report_command

    invocation: Invocation = context.obj
    raise typer.Exit(report_command.run(invocation.output, invocation.repository, base, out, previews))


@app.command()
def demo(
    context: typer.Context,
    environment: EnvironmentOption = "dev",
    messages: Annotated[int, typer.Option(min=1, max=10_000, help="Messages through each sender.")] = 100,
) -> None:
    """Sends mail through each sender of the lab and shows what arrived, from where, and who counted it."""
    from cli.demo import command as demo_command

    invocation: Invocation = context.obj
    selection = stacks.selected(invocation.repository, environment, (), True)
    loaded, campaigns = stacks.validated(invocation.repository, selection)
    engine = engine_of(invocation, loaded, environment)
    raise typer.Exit(demo_command.run(engine, invocation.output, loaded, campaigns, messages))


@app.command(name="check-list")
def check_list(
    context: typer.Context,
    file: RecipientsFile,
    column: ColumnOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Directory for what is found (FILE.checked).")] = None,
    dns_server: Annotated[
        list[str] | None, typer.Option("--dns-server", help="Ask this server, such as 192.0.2.53:53; may be repeated.")
    ] = None,
    dns: Annotated[bool, typer.Option("--dns/--no-dns", help="Look the domains up.")] = True,
) -> None:
    """Checks a list of recipients before its first mail; asks DNS, never anybody's mail server."""
    from cli.check_list import command as check_list_command

    invocation: Invocation = context.obj
    raise typer.Exit(check_list_command.check(invocation.output, file, column, out, dns_server or [], dns))


def _deploy(
    invocation: Invocation,
    verb: str,
    name: str,
    campaigns: Sequence[str],
    everything: bool,
    refresh: bool,
    expect_no_changes: bool = False,
) -> None:
    selection = stacks.selected(invocation.repository, name, campaigns, everything)
    environment, _ = stacks.validated(invocation.repository, selection)
    selection, left_out = selection.without_ending(environment)
    engine = engine_of(invocation, environment, name)
    done = deploy.preview_or_up(deploy.Session(engine, invocation.output, environment, selection, refresh), verb)
    rows = [
        (
            run.stack.name,
            run.code.name.lower(),
            counts(run.changes),
            run.record.judged,
            f"{run.seconds:.0f} s",
        )
        for run in done.runs
    ]
    invocation.output.table(f"{verb} of {name}", ("stack", "result", "resources", "policies passed", "took"), rows)
    for text in left_out:
        invocation.output.note(text)
    raise typer.Exit(ending.end(invocation.output, verb, done, expect_no_changes, left_out=left_out))


def main(arguments: Sequence[str]) -> int:
    """Runs the command line and returns the exit code. `--json` may stand anywhere."""
    words = list(arguments)
    as_json = JSON_OPTION in words
    if as_json:
        words = [JSON_OPTION, *(word for word in words if word != JSON_OPTION)]
    command = " ".join(word for word in words if not word.startswith("-"))[:40] or "warmlane"
    try:
        # With --json nobody else may print: what was typed wrongly is told in the document as well.
        ended = app(args=words, prog_name="warmlane", standalone_mode=not as_json)
        return ended if isinstance(ended, int) else int(Code.FINE)
    except Stop as stop:
        Output(as_json).stopped(command, stop)
        return int(stop.code)
    except TyperException as error:
        Output(as_json).stopped(command, Misused(error.format_message(), "`warmlane --help` shows what there is."))
        return int(Code.USAGE)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(Code.FINE)


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))
