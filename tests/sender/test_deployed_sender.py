"""The sender as it runs in the lab: who may submit what."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab import settings
from lab.toolchain import ensure
from warmlane import names

PROBE = Path(__file__).with_name("submission_probe.py")
RECIPIENT = "probe@" + next(iter(settings.RECEIVERS))
REFUSED_FOR_GOOD = range(500, 600)


def kubectl(*arguments: str, given: str | None = None) -> str:
    program = ensure(lambda line: None).path("kubectl")
    command = [str(program), "--kubeconfig", str(settings.KUBECONFIG), *arguments]
    ended = subprocess.run(command, input=given, text=True, capture_output=True, timeout=120)
    assert ended.returncode == 0, f"{' '.join(arguments)}\n{ended.stderr}"
    return ended.stdout


def sender_config(campaign: str) -> dict[str, Any]:
    """`config.json` as the campaign's pods have it mounted."""
    namespace, config = names.namespace(campaign), f"configmap/{names.SENDER_CONFIG_MAP}"
    found: dict[str, Any] = json.loads(
        json.loads(kubectl("-n", namespace, "get", config, "-o", "json"))["data"]["config.json"]
    )
    return found


@pytest.mark.lab
@pytest.mark.parametrize(("campaign", "other"), [("spring-sale", "newsletter"), ("newsletter", "spring-sale")])
def test_only_the_campaigns_own_producers_submit_and_only_its_own_mail(
    deployed: Any, campaign: str, other: str
) -> None:
    config, password = sender_config(campaign), json.loads(settings.SECRETS_FILE.read_text())["submission"][campaign]
    parameters = {
        "host": names.service_host(campaign),
        "hostname": config["hostname"],
        "sending_domain": config["sending_domain"],
        "other_domain": sender_config(other)["sending_domain"],
        "username": names.submission_user(campaign),
        "password": password,
        "recipient": RECIPIENT,
    }
    pods = kubectl("-n", "producers", "get", "pods", "-l", f"app={campaign}-producer", "-o", "name").split()
    assert pods, f"no pod in namespace producers with app={campaign}-producer: `warmlane demo` makes it"
    script = f"PARAMETERS = {parameters!r}\n{PROBE.read_text()}"
    verdicts = json.loads(kubectl("-n", "producers", "exec", "-i", pods[0], "--", "python3", "-", given=script))
    assert verdicts.pop("right") == 250, "the positive control: the same attempt, done right, is taken"
    assert verdicts.pop("authentication without TLS") == "AUTH is not offered"
    accepted = {way: code for way, code in verdicts.items() if code not in REFUSED_FOR_GOOD}
    assert accepted == {}, "each of these must be refused for good"
