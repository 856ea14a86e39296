"""Runs a Pulumi program for the language host, in the program's own interpreter, where nothing of `lab` may be found.

Started by path; standard input is the engine's RunRequest. Ends with 0, or with REPORTED when the engine knows why not.
"""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPORTED = 32
"""The exit code that says: the program failed, and the error was told to the engine."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        # The engine has said that it was interrupted; a traceback of wherever the program was helps nobody.
        signal.signal(number, lambda *_: os._exit(REPORTED))
    try:
        import pulumi  # noqa: F401
    except ImportError:
        print(
            f"Pulumi's SDK is not installed for {sys.executable}. Install the project's requirements there.",
            file=sys.stderr,
        )
        return 1
    from pulumi.runtime.proto import language_pb2

    request = language_pb2.RunRequest.FromString(sys.stdin.buffer.read())
    program = Path(request.info.program_directory, request.info.entry_point or ".").resolve()
    configure(request)
    sys.argv = [str(program), *request.args]
    os.chdir(request.pwd or request.info.program_directory)
    try:
        run(program, request.parallel)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def configure(request: Any) -> None:
    """Tells the SDK which stack this is and where the engine listens."""
    from pulumi.runtime import reset_options, set_all_config

    engine = request.args.pop(0) if request.args else ""
    reset_options(
        project=request.project,
        stack=request.stack,
        root_directory=request.info.root_directory,
        parallel=request.parallel,
        engine_address=engine,
        monitor_address=request.monitor_address,
        preview=request.dryRun,
        organization=request.organization or "organization",
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))


def run(program: Path, parallel: int) -> None:
    """Runs the program to its end. Whatever it raises is told to the engine; then SystemExit(REPORTED)."""
    import grpc
    from pulumi import RunError
    from pulumi.runtime import run_in_stack

    # A program that fails leaves outputs which nobody waits for; asyncio would complain about each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(parallel, 1) * 4))
    try:
        loop.run_until_complete(run_in_stack(lambda: _run_path(program)))
    except RunError as error:
        report(str(error))
    except grpc.RpcError as error:
        # The engine ends its monitor when another resource failed or a person interrupted; it has said so.
        if error.code() != grpc.StatusCode.UNAVAILABLE:
            report(f"Program failed: {error.details()}")
        raise SystemExit(REPORTED) from None
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return
        report(f"Program failed with an unhandled exception:\n{own_traceback(error, program)}")
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()


def _run_path(program: Path) -> None:
    if program.is_file():
        # As `python FILE` has it; a directory puts itself there.
        sys.path.insert(0, str(program.parent))
    runpy.run_path(str(program), run_name="__main__")


def report(message: str) -> None:
    """Tells the engine, or whoever reads standard error when there is none, and ends."""
    from pulumi import log

    try:
        log.error(message)
    except Exception:  # The engine may be gone by now.
        print(message, file=sys.stderr)
    raise SystemExit(REPORTED) from None


def own_traceback(error: BaseException, program: Path) -> str:
    """The error's traceback from the program's first frame on, without those that ran it."""
    told = traceback.TracebackException.from_exception(error)
    home = program if program.is_dir() else program.parent
    first = next((index for index, frame in enumerate(told.stack) if Path(frame.filename).is_relative_to(home)), None)
    if first is not None:
        told.stack[:] = told.stack[first:]
    elif isinstance(error, SyntaxError):
        # What can't be parsed has no frame of its own; its place is in the message.
        told.stack.clear()
    return "".join(told.format())


if __name__ == "__main__":
    sys.exit(main())
