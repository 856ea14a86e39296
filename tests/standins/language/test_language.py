"""Programs and policy packs under the language host."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2

PROGRAM = """
import pulumi
print("from the program")
pulumi.export("rate", pulumi.Config("probe").require("rate"))
"""


def test_a_program_runs_with_its_config_and_its_outputs_reach_the_engine(host: Any) -> None:
    answer = host.run(PROGRAM, {"probe:rate": "9"})
    assert (answer.error, answer.bail) == ("", False)
    assert host.said.outputs == {"rate": "9"}
    assert host.said.registered == ["pulumi:pulumi:Stack"]
    assert "from the program" in host.end()[1], "the engine shows what the host writes"


def test_an_error_is_told_with_the_programs_own_frames(host: Any) -> None:
    (host.directory / "program").mkdir()
    (host.directory / "program" / "lanes.py").write_text("def lease():\n    raise ValueError('no such lane')\n")
    answer = host.run("import lanes\nlanes.lease()\n")
    assert answer.bail, "the engine has been told"
    (told,) = host.said.errors
    assert told.splitlines()[0] == "Program failed with an unhandled exception:"
    assert told.splitlines()[-1] == "ValueError: no such lane"
    files = [line.split('"')[1] for line in told.splitlines() if line.startswith("  File ")]
    assert [Path(file).name for file in files] == ["__main__.py", "lanes.py"], told


def test_a_program_that_can_not_be_parsed_is_named(host: Any) -> None:
    assert host.run("lane = = 1\n").bail
    (told,) = host.said.errors
    assert "__main__.py" in told and "SyntaxError" in told
    assert "runpy" not in told


def test_an_error_inside_an_apply_is_told(host: Any) -> None:
    text = "import pulumi\npulumi.export('a', pulumi.Output.from_input(1).apply(lambda one: one / 0))\n"
    assert host.run(text).bail
    assert "ZeroDivisionError" in host.said.errors[0]


def test_a_run_error_is_told_without_a_traceback(host: Any) -> None:
    assert host.run("import pulumi\nraise pulumi.RunError('the lane is leased already')\n").bail
    assert host.said.errors == ["the lane is leased already"]


def test_a_program_that_ends_itself_gives_its_exit_code(host: Any) -> None:
    assert "exit code 7" in host.run("import os\nos._exit(7)\n").error


def test_a_project_without_its_virtual_environment_is_refused(host: Any) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.run(PROGRAM, virtualenv=".venv")
    assert f"there is no virtual environment at {host.directory / '.venv'}" in refused.value.details()


def test_nothing_of_the_stand_ins_can_be_imported_by_a_program(host: Any) -> None:
    text = """
    import sys
    here = [one for one in sys.path if "standins" in one or one == ""]
    assert not here, here
    assert "lab.standins" not in sys.modules
    """
    answer = host.run("\n".join(line.strip() for line in text.splitlines()))
    assert not answer.bail, host.said.errors


PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def judged(args, report):
    report("refused")

PolicyPack("tests", policies=[ResourceValidationPolicy("no-more", "Nothing.", judged)])
"""


def test_a_policy_pack_is_started_and_ended_with_its_call(host: Any) -> None:
    pack = host.directory / "pack"
    pack.mkdir()
    (pack / "__main__.py").write_text(PACK)
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
    request = language_pb2.RunPluginRequest(
        pwd=str(pack),
        args=["--virtualenv=x", host.address],
        env=["PULUMI_PROJECT=probe", "PULUMI_STACK=test", "PULUMI_DRY_RUN=true"],
        kind="analyzer",
        info=host.info(program="pack"),
    )
    call = host.stub.RunPlugin(request, timeout=60)
    first = next(call)
    assert first.stdout.strip().isdigit(), (first.stdout, first.stderr)
    call.cancel()
    host.end()
    assert not _alive(str(pack)), "the pack's server outlived its call"


def test_other_kinds_of_plugins_are_refused(host: Any) -> None:
    with pytest.raises(grpc.RpcError, match="policy packs, not plugins of kind 'resource'"):
        list(host.stub.RunPlugin(language_pb2.RunPluginRequest(kind="resource", info=host.info())))


def test_the_host_says_who_it_is(host: Any) -> None:
    about = host.stub.About(language_pb2.AboutRequest(info=host.info()))
    assert about.executable == f"{sys.prefix}/bin/python"
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    asked = language_pb2.GetProgramDependenciesRequest(info=host.info())
    assert "pulumi" in [one.name for one in host.stub.GetProgramDependencies(asked).dependencies]
    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version
    assert not host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly(host: Any, number: int) -> None:
    assert host.end(number) == (0, "", "")


def test_its_end_ends_a_running_program(host: Any) -> None:
    marker = host.directory / "started"
    text = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)\n"
    threading.Thread(target=_quietly, args=(host, text), daemon=True).start()
    deadline = time.monotonic() + 20
    while not marker.exists():
        assert time.monotonic() < deadline, "the program was never started"
        time.sleep(0.05)
    assert host.end(signal.SIGTERM)[::2] == (0, "")
    assert not _alive(str(host.directory / "program")), "the program outlived the host"


def _quietly(host: Any, text: str) -> None:
    try:
        host.run(text)
    except grpc.RpcError:
        return


def _alive(directory: str) -> list[str]:
    """Command lines of processes that work in a directory; waits a moment for those that are ending."""
    found: list[str] = []
    for _ in range(50):
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").readlink() == Path(directory):
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
        if not found:
            break
        time.sleep(0.1)
    return found
