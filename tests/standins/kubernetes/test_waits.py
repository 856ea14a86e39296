"""Waiting for objects, and what is said when they never become ready. There is no node: no pod ever runs."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any

import pytest

pytestmark = pytest.mark.lab

SENDER = """
at = options(provider(), custom_timeouts=pulumi.CustomTimeouts(create="{timeout}", update="{timeout}"))
kubernetes.apps.v1.Deployment(
    "sender",
    metadata={{"name": "sender", "namespace": "{namespace}"}},
    spec={{
        "replicas": {replicas},
        "selector": {{"match_labels": {{"app": "a"}}}},
        "template": {{
            "metadata": {{"labels": {{"app": "a"}}}},
            "spec": {{"containers": [{{"name": "sender", "image": "warmlane.test/one"}}]}},
        }},
    }},
    opts=at,
)
"""


def sender(namespace: str, replicas: int = 2, timeout: str = "3s") -> str:
    return SENDER.format(namespace=namespace, replicas=replicas, timeout=timeout)


def quota(cluster: Any, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/resourcequotas/none"
    metadata = {"name": "none", "namespace": namespace}
    spec = {"hard": {"pods": "0"}}
    cluster.apply(path, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})


@pytest.mark.check("rollout")
def test_a_rollout_that_never_becomes_ready_fails_with_its_cause_and_can_go_on(
    cluster: Any, engine: Any, dropped: bool
) -> None:
    cluster.namespace("never")
    quota(cluster, "never")
    engine.program(sender("never"))
    engine.up().failed(
        "Deployment never/sender is not ready: not ready after 3 s: 0 of 2 new pods available",
        "ReplicaFailure is True",
        "exceeded quota: none",
    )
    assert engine.resources()["sender"]["initErrors"], "the engine knows that it exists and is not ready"
    run = engine.program(sender("never", replicas=0)).up().succeeded()
    assert run.steps == {"update": 1}
    assert "initErrors" not in engine.resources()["sender"]


def test_an_unready_object_is_looked_at_again_though_nothing_changed(cluster: Any, engine: Any) -> None:
    cluster.namespace("again")
    engine.program(sender("again"))
    engine.up().failed("0 of 2 new pods available")
    assert "unhealthy state" in engine.refresh().succeeded().output
    assert engine.resources()["sender"]["initErrors"], "a refresh looks whether it has become ready meanwhile"
    engine.up().failed("0 of 2 new pods available")


def test_a_service_waits_for_a_pod_unless_told_not_to(cluster: Any, engine: Any) -> None:
    cluster.namespace("service")
    text = """
    at = options(provider(), custom_timeouts=pulumi.CustomTimeouts(create="2s", update="2s"))
    metadata = {"name": "smtp", "namespace": "service", "annotations": {"pulumi.com/skipAwait": "%s"}}
    spec = {"selector": {"app": "a"}, "ports": [{"port": 25}]}
    Service("smtp", metadata=metadata, spec=spec, opts=at)
    """
    engine.program(text % "false").up().failed("Service service/smtp is not ready", "does not target any pods")
    engine.program(text % "true").up().succeeded()


@pytest.mark.check("deletion")
def test_a_deletion_that_a_finalizer_holds_up_says_so(cluster: Any, engine: Any, dropped: bool) -> None:
    cluster.namespace("held")
    path = "/api/v1/namespaces/held/configmaps/kept"
    text = """
    at = options(provider(), custom_timeouts=pulumi.CustomTimeouts(delete="2s"))
    ConfigMap("kept", metadata={"name": "kept", "namespace": "held"}, data={"a": "1"}, opts=at)
    """
    engine.program(text).up().succeeded()
    metadata = {"name": "kept", "namespace": "held", "finalizers": ["tests.warmlane.dev/hold"]}
    cluster.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    engine.destroy().failed("ConfigMap held/kept was not deleted", "kept by tests.warmlane.dev/hold")
    del metadata["finalizers"]
    cluster.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    engine.destroy().succeeded()
    assert cluster.find(path) is None


KILLED = """
other = provider("other", enable_config_map_mutable=True)
ConfigMap("first", metadata={"name": "first", "namespace": "killed"}, data={"a": "1"}, opts=options(other))
"""


def started(engine: Any) -> subprocess.Popen[str]:
    """An `up` that runs on its own."""
    return subprocess.Popen(
        engine.command("up", "--yes", "--skip-preview"),
        cwd=engine.directory,
        env=engine.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_an_engine_killed_in_the_middle_goes_on_and_leaves_no_process(cluster: Any, engine: Any) -> None:
    cluster.namespace("killed")
    sender_path = "/apis/apps/v1/namespaces/killed/deployments/sender"
    engine.program(KILLED + sender("killed", timeout="100s"))
    running = started(engine)
    try:
        until(lambda: cluster.find(sender_path) is not None, "the Deployment was never made")
    finally:
        running.kill()
        running.communicate()
    made = cluster.get(sender_path)["metadata"]["uid"]
    until(lambda: not standins_of(engine), "stand-ins outlived their engine")
    engine.run("cancel", "--yes").succeeded()
    run = engine.program(KILLED + sender("killed", replicas=0)).up().succeeded()
    assert sum(run.steps.values()) == 2
    assert cluster.get(sender_path)["metadata"]["uid"] == made, "what the killed engine made is taken over"
    assert engine.up().succeeded().steps == {"same": 2}
    engine.destroy().succeeded()
    assert cluster.find(sender_path) is None, "nothing is orphaned"


def test_an_interrupted_wait_ends_soon_and_quietly_and_the_object_is_known(cluster: Any, engine: Any) -> None:
    cluster.namespace("interrupted")
    engine.program(sender("interrupted", timeout="100s"))
    running = started(engine)
    try:
        path = "/apis/apps/v1/namespaces/interrupted/deployments/sender"
        until(lambda: cluster.find(path) is not None, "the Deployment was never made")
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=30)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode != 0
    assert "interrupted: " in output, output
    assert "Traceback" not in output, output
    assert engine.resources()["sender"]["initErrors"]


def until(done: Any, message: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, message
        time.sleep(0.1)


def standins_of(engine: Any) -> list[str]:
    """Processes that a test's engine started: they carry its home in their environment."""
    found = subprocess.run(["ps", "eww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    mark = f"PULUMI_HOME={engine.variables['PULUMI_HOME']}"
    return [line for line in found.splitlines() if mark in line and "defunct" not in line]
