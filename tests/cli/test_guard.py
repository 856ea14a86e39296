"""An environment in which campaigns live is not destroyed, by plain `pulumi destroy` either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra import guard
from infra.live import Workload
from tests.cli.pulumi_project import Project, project

pytestmark = pytest.mark.timeout(600)

SENDER = Workload("amber", "spring-sale", "Deployment", "campaign-spring-sale", "email-sender-campaign-spring-sale")
PROGRAM = """
import json
import os
from types import SimpleNamespace
import pulumi
from infra import guard, live

found = json.loads(os.environ["FOUND"])
environment = SimpleNamespace(cluster=SimpleNamespace(context="lab"))
guard.install(environment, lambda: None if found is None else [live.Workload(**one) for one in found])
pulumi.Stash(guard.RESOURCE, input="amber: spring-sale")
pulumi.Stash("beside-it", input="")
pulumi.Stash("kept", input="", opts=pulumi.ResourceOptions(protect=True))
"""
"""The hook on something that needs no cluster."""


def destroy(engine: Project, *options: str, found: str = "[]") -> tuple[int, str, set[str]]:
    """Exit status, what was said, and what is left."""
    status, said = engine.attempt("destroy", "--yes", *options, FOUND=found)
    resources = engine.exported()["deployment"]["resources"]
    return status, said, {one["urn"].rpartition("::")[2] for one in resources if "Stash" in one["type"]}


def test_destroy_is_refused_while_campaigns_live_and_with_every_option(tmp_path: Path) -> None:
    engine = project(tmp_path, {"__main__.py": PROGRAM}, {})
    engine.run("up", "--yes", "--skip-preview", FOUND="[]")
    engine.run("refresh", "--yes", "--skip-preview")
    whole = {guard.RESOURCE, "beside-it", "kept"}
    for options in ((), ("--exclude-protected",), ("--skip-preview", "--exclude-protected")):
        status, said, left = destroy(engine, *options)
        assert status != 0 and left == whole, said
        assert guard.HOOK in said and "--run-program" in said, said
    with_program = ("--run-program", "--exclude-protected")
    status, said, left = destroy(engine, *with_program, found=json.dumps([vars(SENDER)]))
    assert status != 0 and left == whole, said
    assert "Campaigns still send from its lanes: spring-sale. Destroy their stacks first." in said
    status, said, left = destroy(engine, *with_program, found="null")
    assert status != 0 and left == whole and "kubectl --context lab get nodes" in said, said
    status, said, left = destroy(engine, *with_program)
    assert status == 0 and left == {"kept"}, said
