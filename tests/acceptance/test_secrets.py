"""No password and no key is anywhere but in Secrets: not in state, manifests, objects, processes, logs or metrics."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from cli.cluster import Cluster
from cli.engine import Engine
from lab import settings
from tests.acceptance.conftest import CAMPAIGNS, ENVIRONMENT, ROOT, WARMLANE, sender_pods
from warmlane import names, store_access

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

SPACES = (names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE, *map(names.namespace, CAMPAIGNS))
METRICS = """
import json, sys, urllib.request
json.dump(urllib.request.urlopen("http://127.0.0.1:9100/metrics", timeout=5).read().decode(), sys.stdout)
"""


@pytest.fixture(scope="module")
def planted(deployed: object) -> dict[str, str]:
    """By what it is, every secret that the lab made when it began, and what is derived from one."""
    known = json.loads(settings.SECRETS_FILE.read_text())
    key = known["store_key"]
    return {
        **{f"submission password of {campaign}": known["submission"][campaign] for campaign in CAMPAIGNS},
        **{f"store's password of {campaign}": store_access.role_password(key, campaign) for campaign in CAMPAIGNS},
        **{f"handover key of {campaign}": store_access.handover_key(key, campaign) for campaign in CAMPAIGNS},
        "suppression key": json.loads(store_access.suppression_keys(key, ["1"]))[0]["key"],
        "store key": key,
        "store's superuser": known["store_superuser"],
        "Grafana's admin": known["grafana_admin"],
    }


def forms(secret: str) -> Iterator[str]:
    """A secret as it is, in a URL, and in base64, wherever in the encoded text it begins."""
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        text = base64.b64encode(b"-" * before + secret.encode()).decode()
        # The first and the last group hold bits of the neighbours.
        yield text[4 if before else 0 : -4]


def found(planted: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Which secret stands where. The texts must be there to be searched."""
    assert texts and all(texts.values()), f"nothing to search: {[where for where, text in texts.items() if not text]}"
    return [
        f"{what} in {where}"
        for what, secret in planted.items()
        for where, text in texts.items()
        if any(form in text for form in forms(secret))
    ]


def test_the_search_finds_what_secrets_hold(cluster: Cluster, planted: dict[str, str]) -> None:
    held = {"Secrets": cluster.kubectl("get", "secrets", "-A", "-o", "json", seconds=60)}
    # The first is the root of the others, and the programs alone have it; Grafana is off in the lab.
    elsewhere = {"store key", "Grafana's admin"}
    assert set(found(planted, held)) == {f"{what} in Secrets" for what in planted if what not in elsewhere}


def test_state_previews_and_manifests(engine: Engine, planted: dict[str, str], tmp_path: Path) -> None:
    texts = {str(path): path.read_text() for path in settings.PULUMI_BACKEND.rglob("*") if path.is_file()}
    texts = {path: text for path, text in texts.items() if text}
    stacks = [(ROOT, ENVIRONMENT), *((ROOT / "campaigns", f"{campaign}.{ENVIRONMENT}") for campaign in CAMPAIGNS)]
    for directory, stack in stacks:
        for form in ("--diff", "--json"):
            command = ["pulumi", "preview", "-s", stack, "--policy-pack", str(ROOT / "policies"), "--refresh", form]
            done = subprocess.run(
                command, cwd=directory, env=engine.variables, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr
            texts[f"{stack} {form}"] = done.stdout + done.stderr
    for words in (["render", "--all"], ["--json", "status"]):
        texts[" ".join(words)] = subprocess.run([WARMLANE, *words], cwd=ROOT, capture_output=True, text=True).stdout
    manifests = [path for path in (ROOT / ".render").rglob("*") if path.is_file()]
    texts |= {str(path): path.read_text() for path in manifests}
    assert found(planted, texts) == []


def test_objects_logs_and_metrics(cluster: Cluster, planted: dict[str, str]) -> None:
    kinds = set(cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()) - {"secrets"}
    texts = {"objects": cluster.kubectl("get", ",".join(sorted(kinds)), "-A", "-o", "json", seconds=120)}
    for space in SPACES:
        for pod in cluster.get(f"/api/v1/namespaces/{space}/pods")["items"]:
            name = pod["metadata"]["name"]
            for container in pod["spec"]["containers"]:
                where = ("-n", space, name, "-c", container["name"])
                texts[f"log of {name}, {container['name']}"] = cluster.kubectl("logs", *where, seconds=30) or "(empty)"
    for campaign in CAMPAIGNS:
        for pod in sender_pods(cluster, campaign):
            name = pod["metadata"]["name"]
            page = cluster.python(names.namespace(campaign), name, METRICS, None, container="gate")
            texts[f"metrics of {name}"] = page
    assert found(planted, texts) == []


def test_processes(cluster: Cluster, planted: dict[str, str]) -> None:
    """What any process of the node shows of itself: its arguments and its environment."""
    texts = dict[str, str]()
    for process in filter(str.isdigit, (path.name for path in Path("/proc").iterdir())):
        for file in ("environ", "cmdline"):
            try:
                text = Path(f"/proc/{process}/{file}").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text:
                texts[f"{file} of process {process}"] = text
    assert any("services.sender.gate" in text for text in texts.values()), "the senders' processes are among them"
    assert found(planted, texts) == []
