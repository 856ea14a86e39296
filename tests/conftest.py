"""What all tests share: quick tests run first, on all cores; those marked `lab` where a lab can run, in one process.

Without a lab its tests are not selected, and the last line says how many and why. With WARMLANE_REQUIRE_LAB=1 a missing
lab fails the run.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import settings, toolchain

REPOSITORY = Path(__file__).resolve().parent.parent

left_out = pytest.StashKey[tuple[int, str]]()
"""How many lab tests were not selected, and why."""
LEFT_OUT = "left_out"
"""The same, as a worker of pytest-xdist tells it to the process that prints."""


def lab_obstacle() -> str | None:
    """Why no lab can run here, in a few words; None where one can."""
    if sys.platform != "linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root or a Docker daemon"
    absent = toolchain.missing_packages()
    return f"Debian packages are missing ({', '.join(absent)}); `make up` installs them" if absent else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """What one worker of pytest-xdist runs in order: a file of quick tests, and all that the one lab is for."""
    group = "lab" if item.get_closest_marker("lab") else str(item.path.relative_to(REPOSITORY))
    item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Quick tests first; lab tests only where a lab can run. Runs last, so that `-m` and `-k` have chosen already."""
    quick = [item for item in items if item.get_closest_marker("lab") is None]
    lab_items = [item for item in items if item.get_closest_marker("lab") is not None]
    reason = lab_obstacle() if lab_items else None
    if reason is not None:
        config.stash[left_out] = len(lab_items), reason
        config.hook.pytest_deselected(items=lab_items)
        lab_items = []
    lab_items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    items[:] = [*quick, *lab_items]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was left out is a failure where a lab is required. A worker hands it on."""
    told = session.config.stash.get(left_out, None)
    if told and hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LEFT_OUT] = told
    elif told and settings.lab_required():
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes over what a worker left out; all of them choose alike."""
    told = getattr(node, "workeroutput", {}).get(LEFT_OUT)
    if told:
        node.config.stash[left_out] = tuple(told)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of a run that left the lab's tests out."""
    count, reason = config.stash.get(left_out, (0, ""))
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if count and reporter is not None and not hasattr(config, "workerinput"):
        passed = len(reporter.stats.get("passed", []))
        required = f", and {settings.REQUIRE_LAB} is set" if settings.lab_required() else ""
        reporter.write_line(f"{passed} passed; {count} lab tests not run: {reason}{required}")


@pytest.fixture(scope="session")
def progress(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints one line at once, past pytest's capture: a first build takes many minutes and should be seen."""
    capture: Any = request.config.pluginmanager.get_plugin("capturemanager")

    def line(text: str) -> None:
        with capture.global_and_fixture_disabled():
            # A worker of pytest-xdist has no terminal but shares this stream with the process that has.
            print(f"\nlab: {text}", file=sys.stderr, flush=True)

    return line


@pytest.fixture(scope="session")
def lab(progress: Callable[[str], None]) -> Iterator[Any]:
    """The running lab: its status as `lab.lifecycle` tells it. It stays up after the tests, as after `make up`."""
    from lab import lifecycle

    lifecycle.up(progress)
    status = lifecycle.status()
    assert status.running, f"lab.lifecycle.up() came back, but the lab is not running: {status.parts}"
    yield status


@pytest.fixture(scope="session")
def deployed(lab: Any, progress: Callable[[str], None]) -> Any:
    """The lab with the environment `dev` and all its campaigns deployed, by the very command that a person types."""
    progress("deploying the environment and its campaigns")
    command = [str(REPOSITORY / ".venv/bin/warmlane"), "up", "--all"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, (
        f"`warmlane up --all` ended with {result.returncode}:\n{result.stdout}\n{result.stderr}"
    )
    return lab


def but_for_garbage(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Says nothing of a task whose exception nobody asked for, as a refused program of Pulumi leaves many.

    It would be said when the task is collected. Where that falls into `ast.parse`, by which pytest loads modules, the
    parser of CPython 3.11 is entered a second time for the traceback's carets, and ends both with a SystemError.
    """
    if not context["message"].endswith("exception was never retrieved"):
        loop.default_exception_handler(context)


@pytest.fixture(autouse=True, scope="module")
def event_loop() -> Iterator[None]:
    """Pulumi's test decorator takes the thread's event loop, which `asyncio.run` in an earlier test has taken away."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(but_for_garbage)
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(asyncio.new_event_loop())
