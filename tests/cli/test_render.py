"""`warmlane render`: what it shows, writes, refuses, and never tells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

import campaigns.program
from cli.render import manifests, pool, tell
from cli.render.judging import Judgement
from cli.render.recording import record
from cli.render.stack import Rendered
from policies import committed
from policies.rules import RULES
from tests.cli.conftest import ROOT, World
from warmlane import names

CANARY = "nobody-may-read-this"


@pytest.fixture
def rendering(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The copied repository, judged by its own config."""
    monkeypatch.setattr(committed, "REPOSITORY", world.repository)
    forget()
    yield world
    forget()


def forget() -> None:
    """What rules have read of another repository."""
    for one in vars(committed).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


def documents(directory: Path) -> dict[str, Any]:
    """By path below a directory, the manifests."""
    return {str(path.relative_to(directory)): yaml.safe_load(path.read_text()) for path in directory.rglob("*.yaml")}


def test_all_shows_every_stack_with_every_verdict(rendering: World, warmlane: Any, tmp_path: Path) -> None:
    code, out, err = warmlane("render", "--all", "--json", "--out", str(tmp_path / "out"))
    assert code == 0, out + err
    told = json.loads(out)
    assert [stack["stack"] for stack in told["stacks"]] == ["dev", "newsletter.dev", "spring-sale.dev"]
    for stack in told["stacks"]:
        assert stack["policies"]["passed"] == sorted(rule.name for rule in RULES), stack["stack"]
        assert stack["changes"]["create"] == len(stack["resources"]) > 10
    assert told["collisions"] == []
    written = documents(tmp_path / "out")
    assert len(written) == sum(stack["manifests"] for stack in told["stacks"])
    workload = written["spring-sale.dev/campaign-spring-sale/deployment.email-sender-campaign-spring-sale.yaml"]
    assert workload["kind"] == "Deployment" and workload["spec"]["replicas"] == 2


def test_a_person_sees_a_table_by_stack_and_the_verdicts(rendering: World, warmlane: Any) -> None:
    code, out, err = warmlane("render", "--campaign", "spring-sale")
    assert code == 0, out + err
    assert "spring-sale-deployment" in out and "kubernetes:apps/v1:Deployment" in out
    assert all(rule.name in out for rule in RULES)
    assert (rendering.repository / ".render" / "spring-sale.dev").is_dir()
    assert not (rendering.repository / ".render" / "dev").exists(), "only what was asked is rendered"


def test_a_verdict_says_what_is_judged_again_once_it_exists() -> None:
    judgement = Judgement(passed=["lane-graph", "no-host-access"])
    found = [Rendered("dev", "warmlane", resources=[("aws:ec2/natGateway:NatGateway", "a", True)], judgement=judgement)]
    verdicts = {rule: verdict for rule, _, verdict in tell.policy_rows(found, RULES)}
    assert verdicts["lane-graph"] == "passed; again after up", "a NAT has no address before it is made"
    assert verdicts["no-host-access"] == "passed"
    assert verdicts["images-by-digest"] == "not judged"


def test_no_secret_is_read_or_written(rendering: World, warmlane: Any) -> None:
    secrets = {"submission": {"spring-sale": CANARY, "newsletter": CANARY}, "store_superuser": CANARY}
    (rendering.repository / ".lab/secrets.json").write_text(json.dumps({**secrets, "grafana_admin": CANARY}))
    code, out, err = warmlane("render", "--all", "--json")
    written = [path.read_text() for path in (rendering.repository / ".render").rglob("*") if path.is_file()]
    assert code == 0 and CANARY not in "".join([out, err, *written])
    secret = documents(rendering.repository / ".render")[
        "spring-sale.dev/campaign-spring-sale/secret.sender-submission.yaml"
    ]
    assert secret["data"] == {"username": "(secret)", "password": "(secret)"}


def test_what_a_program_makes_of_a_secret_is_not_written_either(tmp_path: Path) -> None:
    def program() -> None:
        password = pulumi.Output.secret(CANARY)
        ConfigMap("derived", data={"url": pulumi.Output.concat("postgresql://", password)})
        Secret("unmarked", string_data={"password": CANARY}, metadata={"name": "unmarked"})

    assert manifests.write(tmp_path, record(program, "project", "stack"), {}) == 2
    assert CANARY not in "".join(path.read_text() for path in tmp_path.rglob("*.yaml"))


def test_images_that_nobody_built_are_placeholders(rendering: World, warmlane: Any) -> None:
    (rendering.repository / ".lab/images.json").unlink()
    code, out, err = warmlane("render", "-c", "spring-sale")
    assert code == 0, out + err
    assert "Images that nobody has built yet have a placeholder" in out
    found = documents(rendering.repository / ".render" / "spring-sale.dev" / "campaign-spring-sale")
    (workload,) = (one for one in found.values() if one["kind"] == "Deployment")
    assert {one["image"] for one in workload["spec"]["template"]["spec"]["containers"]} == {"(not built: sender)"}


def test_a_plan_that_the_pack_refuses_ends_with_1_and_names_the_rule(rendering: World, warmlane: Any) -> None:
    rendering.change("campaigns/Pulumi.spring-sale.dev.yaml", 'wanted_by: "2026-12-15"', 'wanted_by: "2026-10-02"')
    code, out, _ = warmlane("render", "--all")
    assert code == 1
    assert "spring-sale.dev: warm-up-schedule:" in out and "refuses spring-sale.dev" in out
    assert "passed by 2 of 3" in out, "the other stacks are judged all the same"


def test_a_campaign_whose_config_is_refused_leaves_the_others(rendering: World, warmlane: Any) -> None:
    rendering.change("campaigns/Pulumi.spring-sale.dev.yaml", "id: spring-sale", "id: autumn-sale")
    code, out, _ = warmlane("render", "--all", "--json")
    told = {stack["stack"]: stack for stack in json.loads(out)["stacks"]}
    assert code == 1 and told["newsletter.dev"]["result"] == "fine"
    assert "it must be spring-sale" in told["spring-sale.dev"]["diagnostics"][0]["message"]


def test_an_unsound_environment_is_refused(rendering: World, warmlane: Any) -> None:
    rendering.change("Pulumi.dev.yaml", "newsletter: {lane: birch", "newsletter: {lane: amber")
    code, _, err = warmlane("render", "--all")
    assert code == 1 and "Pulumi.dev.yaml" in err


def test_a_program_that_breaks_ends_with_3(rendering: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a slip in the program")

    monkeypatch.setattr(campaigns.program, "deploy", broken)
    code, out, _ = warmlane("render", "-c", "spring-sale")
    assert code == 3 and "a slip in the program" in out


@pytest.mark.parametrize("words", [("-c", "nobody"), ("-e", "nowhere"), ("--all", "-c", "spring-sale")], ids=" ".join)
def test_what_is_typed_wrongly_ends_with_2(rendering: World, warmlane: Any, words: tuple[str, ...]) -> None:
    assert warmlane("render", *words)[0] == 2


def test_a_directory_with_other_files_is_not_emptied(rendering: World, warmlane: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    code, _, err = warmlane("render", "--out", str(mine))
    assert code == 2 and "files that no render wrote" in err
    assert (mine / "letter.txt").read_text() == "dear"


def test_the_next_render_replaces_the_last(rendering: World, warmlane: Any) -> None:
    assert warmlane("render", "--all")[0] == 0
    assert warmlane("render", "-c", "newsletter")[0] == 0
    assert sorted(path.name for path in (rendering.repository / ".render").iterdir()) == [
        ".warmlane-render",
        "newsletter.dev",
    ]


def test_stack_files_without_programs_are_not_rendered(world: World, warmlane: Any) -> None:
    code, _, err = warmlane("render")
    assert code == 2 and f"{world.repository} holds stack files" in err


def test_another_clone_is_rendered_by_its_own_programs_and_rules(world: World) -> None:
    for room in ("campaigns", "cli", "components", "infra", "lab", "policies", "services", "warmlane"):
        ignored = shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml")
        shutil.copytree(ROOT / room, world.repository / room, dirs_exist_ok=True, ignore=ignored)
    program = world.repository / "campaigns" / "program.py"
    program.write_text(program.read_text() + "\n\ndef deploy(*_: object) -> None:\n    raise ValueError('its own')\n")
    words = ["render", "--json", "-c", "newsletter", "--out", "manifests"]
    run = subprocess.run(
        [sys.executable, "-c", "from cli.main import run; run()", *words],
        cwd=world.repository,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    told = json.loads(run.stdout)
    assert run.returncode == 3 and [stack["stack"] for stack in told["stacks"]] == ["newsletter.dev"]
    assert "ValueError: its own" in told["stacks"][0]["diagnostics"][0]["message"]
    assert told["directory"] == "manifests"


@pytest.mark.parametrize(
    ("function", "value", "what"),
    [
        ("lane_host", "mail.warmlane.test", "both have the HELO name mail.warmlane.test"),
        ("namespace", "campaign-all", "both have the object Secret campaign-all/sender-submission"),
        ("app", "email-sender", "both have the pod label app email-sender"),
    ],
)
def test_what_must_differ_is_compared_across_stacks(
    rendering: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch, function: str, value: str, what: str
) -> None:
    monkeypatch.setattr(names, function, lambda *_: value)
    code, out, _ = warmlane("render", "--all", "--json")
    told = json.loads(out)
    assert code == 1
    assert any(f"The stacks newsletter.dev and spring-sale.dev {what}" in text for text in told["collisions"]), told[
        "collisions"
    ]


CLUSTER = ("context: somebody-elses", "context: another")
DOMAIN = ("domain: warmlane.test", "domain: staging.test")
ADDRESSES = ("192.0.2.", "203.0.113.")


def second(rendering: World, *changes: tuple[str, str]) -> None:
    """A second environment like `dev`, with these texts replaced."""
    text = (rendering.repository / "Pulumi.dev.yaml").read_text()
    for old, new in changes:
        assert old in text, f"{old!r} does not stand in Pulumi.dev.yaml"
        text = text.replace(old, new)
    (rendering.repository / "Pulumi.staging.yaml").write_text(text)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            (DOMAIN, ADDRESSES),
            "namespaces of the cluster somebody-elses: warmlane-platform, warmlane-monitoring, campaign-spring-sale, "
            "campaign-newsletter.",
        ),
        ((CLUSTER, ADDRESSES), "lanes' host names: amber.warmlane.test, birch.warmlane.test."),
        ((CLUSTER, DOMAIN), "lanes' addresses: 192.0.2.11, 192.0.2.12."),
    ],
)
def test_environments_are_compared_with_each_other(
    rendering: World, warmlane: Any, changes: tuple[tuple[str, str], ...], what: str
) -> None:
    second(rendering, *changes)
    code, out, _ = warmlane("render", "--all", "--json")
    assert code == 1
    assert [text.partition(" Give one")[0] for text in json.loads(out)["collisions"]] == [
        f"The environments dev and staging share {what}"
    ]


def test_environments_with_nothing_in_common_are_fine(rendering: World, warmlane: Any) -> None:
    """A lane and a campaign may have the same id in both."""
    second(rendering, CLUSTER, DOMAIN, ADDRESSES)
    (rendering.repository / "Pulumi.unsound.yaml").write_text("config: {}")
    assert warmlane("render", "--all")[0] == 0


def test_a_resource_that_would_outlive_its_removal_is_refused(
    rendering: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = campaigns.program.deploy

    def more(*given: Any) -> None:
        program(*given)
        metadata = {"name": "left", "namespace": "campaign-spring-sale"}
        ConfigMap("left", metadata=metadata, opts=pulumi.ResourceOptions(retain_on_delete=True))

    monkeypatch.setattr(campaigns.program, "deploy", more)
    code, out, _ = warmlane("render", "-c", "spring-sale", "--json")
    told = json.loads(out)
    assert code == 1 and told["stacks"][0]["result"] == "refused"
    (text,) = told["kept"]
    assert text.startswith("The stack spring-sale.dev would leave kubernetes:core/v1:ConfigMap left behind")


def test_workers_say_what_one_process_says(rendering: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, alone, _ = warmlane("render", "--all", "--json")
    before = documents(rendering.repository / ".render")
    monkeypatch.setattr(pool, "CHUNK", 1)
    _, together, _ = warmlane("render", "--all", "--json")
    assert {**json.loads(alone), "seconds": {}} == {**json.loads(together), "seconds": {}}
    assert documents(rendering.repository / ".render") == before
