"""Preview of one campaign: the components against a flat program of the same objects, and the policy pack's share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.figures import Figure, interleaved
from bench.running import make_up
from lab import environment, settings

CAMPAIGN, ENVIRONMENT = "spring-sale", "dev"
STACK = f"{CAMPAIGN}.{ENVIRONMENT}"
COMPONENTS = settings.REPOSITORY / "campaigns"
FLAT = settings.REPOSITORY / "bench" / "flat"
PACK = ["--policy-pack", "../policies"]
ROUNDS = 7
RATIO_AT_MOST = 1.15
PACK_SECONDS_AT_MOST = 1.0


def pulumi(directory: Path, backend: Path, *arguments: str) -> str:
    """Standard output of `pulumi` in a project's directory; a failure ends the bench with what the engine said."""
    exports = {**os.environ, **environment.exports(), "PULUMI_BACKEND_URL": f"file://{backend}"}
    run = subprocess.run(
        ["pulumi", "-C", directory, *arguments], env=exports, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"pulumi {' '.join(arguments)} in {directory} failed:\n{run.stdout}\n{run.stderr}")
    return run.stdout


def backend_without_campaign(directory: Path) -> Path:
    """A copy of the lab's backend in which only the environment is deployed, so that both programs create all."""
    backend = directory / "backend"
    shutil.copytree(settings.PULUMI_BACKEND, backend)
    for found in backend.glob(f".pulumi/*/warmlane-campaigns/{STACK}*"):
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    return backend


def objects(directory: Path, backend: Path) -> set[tuple[str, str, str]]:
    """Type, namespace and name of every Kubernetes object that a preview would create."""
    preview = json.loads(pulumi(directory, backend, "preview", "-s", STACK, "--json"))
    states = [step["newState"] for step in preview["steps"] if step["newState"]["type"].startswith("kubernetes:")]
    metadata = [(state["type"], state.get("inputs", {}).get("metadata", {})) for state in states]
    return {(kind, meta.get("namespace", ""), meta.get("name", "")) for kind, meta in metadata}


def warmlane(*arguments: str) -> None:
    """Runs a command of this clone; a failure ends the bench."""
    command = [settings.REPOSITORY / ".venv" / "bin" / "warmlane", *arguments, "--campaign", CAMPAIGN]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        told = " ".join(arguments)
        raise SystemExit(f"`warmlane {told} --campaign {CAMPAIGN}` ended with {done.returncode}; it says why above.")


def measure() -> list[Figure]:
    """Medians over several rounds that take turns. The campaign is destroyed before and deployed again afterwards."""
    make_up()
    # A preview asks the API server about each object, and another program's would be refused while they exist.
    warmlane("destroy", "--yes")
    try:
        return compared()
    finally:
        warmlane("up")


def compared() -> list[Figure]:
    """The figures, while neither program's objects exist."""
    with tempfile.TemporaryDirectory(prefix="warmlane-bench-") as directory:
        backend = backend_without_campaign(Path(directory))
        for project in (COMPONENTS, FLAT):
            pulumi(project, backend, "stack", "select", "--create", STACK)
        made, flat = objects(COMPONENTS, backend), objects(FLAT, backend)
        if made != flat:
            raise SystemExit(f"the flat program makes other objects: {sorted(made ^ flat)}")
        components_s, flat_s, pack_s = interleaved(
            [
                lambda: void(pulumi(COMPONENTS, backend, "preview", "-s", STACK)),
                lambda: void(pulumi(FLAT, backend, "preview", "-s", STACK)),
                lambda: void(pulumi(COMPONENTS, backend, "preview", "-s", STACK, *PACK)),
            ],
            ROUNDS,
        )
    return [
        Figure(f"components / flat, {len(made)} objects", components_s / flat_s, RATIO_AT_MOST, "ratio"),
        Figure("policy pack's share of one campaign's preview", pack_s - components_s, PACK_SECONDS_AT_MOST, "s"),
    ]


def void(_: str) -> None:
    """Drops an output that a timed run does not need."""
