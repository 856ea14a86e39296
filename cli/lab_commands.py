"""`warmlane lab`: the one-machine world."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from cli.outcome import Code, ConfigRefused, WorldFailed
from cli.output import Output
from warmlane.errors import ConfigError

app = typer.Typer(help="The lab: everything needed to run Warmlane for real on one machine.", no_args_is_help=True)


def _output(context: typer.Context) -> Output:
    output: Output = context.obj.output
    return output


@contextmanager
def lab_failures() -> Iterator[Any]:
    """The lab's life. Raises WorldFailed for what fails of it, which already says what to do."""
    from lab import lifecycle
    from lab.toolchain import StepFailed

    try:
        yield lifecycle
    except (lifecycle.LabError, StepFailed) as error:
        raise WorldFailed(str(error), "`warmlane lab doctor` looks at the machine and says what it lacks.") from None


@app.command()
def up(context: typer.Context) -> None:
    """Builds what is missing and starts the lab, or what has ended of it."""
    output = _output(context)
    with lab_failures() as lifecycle:
        lifecycle.up(output.note)
    output.document("lab up", Code.FINE)


@app.command()
def down(context: typer.Context) -> None:
    """Stops the lab and removes all that it made on this machine; built tools stay in the cache."""
    output = _output(context)
    with lab_failures() as lifecycle:
        lifecycle.down()
    output.note("the lab is down, and nothing of it is left")
    output.document("lab down", Code.FINE)


@app.command()
def status(context: typer.Context) -> None:
    """Whether the lab runs, who holds it, and how its parts are."""
    output = _output(context)
    with lab_failures() as lifecycle:
        found = lifecycle.status()
    if found.holder is None:
        output.note("no lab runs on this machine; `make up` or `warmlane lab up` starts one")
    else:
        output.table(f"Lab of {found.holder}", ("part", "state"), list(found.parts.items()))
        if not found.running:
            output.note("something of it has ended: `warmlane lab up` starts it again, `warmlane lab doctor` looks why")
    code = Code.FINE if found.running or found.holder is None else Code.FAILED
    output.document("lab status", code, running=found.running, holder=found.holder, parts=found.parts)
    raise typer.Exit(code)


@app.command()
def env(context: typer.Context) -> None:
    """Prints the exports that let plain `pulumi` and `kubectl` in a shell reach the lab: eval "$(warmlane lab env)"."""
    from lab import environment

    output = _output(context)
    with lab_failures():
        exports = environment.exports()
    if output.as_json:
        output.document("lab env", Code.FINE, variables=exports)
        return
    for name, value in exports.items():
        output.result.print(f"export {name}={shlex.quote(value)}", markup=False)


@app.command()
def scenario(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A scenario by its name, or a file. Without it they are listed.")
    ] = None,
) -> None:
    """Makes the lab's mailbox providers behave as a scenario says, at once; `default` has them take everything."""
    from lab import receivers
    from lab.receivers.scenario import described

    output = _output(context)
    if name is None:
        output.table("Scenarios", ("name", "what happens"), list(described().items()))
        output.document("lab scenario", Code.FINE, scenarios=described())
        return
    try:
        receivers.play(name)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    except receivers.NotPlayed as error:
        advice = "`warmlane lab status` says whether the receivers run, and `warmlane lab up` starts what has ended."
        raise WorldFailed(str(error), advice) from None
    output.note(f"the mailbox providers go by {name}, and count anew")
    output.document("lab scenario", Code.FINE, scenario=name)


@app.command()
def doctor(context: typer.Context) -> None:
    """What the lab needs of this machine, all at once, with what to do about what is missing."""
    output = _output(context)
    with lab_failures() as lifecycle:
        found = lifecycle.doctor()
    output.table(
        "Machine", ("what", "state", "what to do"), [(item.what, state(item.well), item.remedy) for item in found]
    )
    code = Code.FINE if all(item.well for item in found) else Code.FAILED
    output.document("lab doctor", code, findings=[vars(item) for item in found])
    raise typer.Exit(code)


def state(well: bool) -> str:
    """A finding's state in a word."""
    return "well" if well else "missing"
