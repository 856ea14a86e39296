"""Keys, contexts and archives of the lab's images; nothing is built here."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.images import RECIPES, build, catalogue, machine
from lab.images.archive import manifest_digest
from lab.images.build import stage
from lab.images.catalogue import Recipe, build_files, context_files, key
from lab.toolchain import StepFailed

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = {"coredns": Path("/cache/coredns-1-aaaa/coredns"), "pause": Path("/cache/pause-1-bbbb/pause")}


def dockerfile(recipe: Recipe) -> str:
    return build_files(recipe)["Dockerfile"].read_text()


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    context = tmp_path / "context"
    (context / "bin").mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\n")
    (context / "bin/run").write_text("#!/bin/sh\n")
    return Recipe(name="thing", context=context, minutes=1)


def test_the_key_follows_content_names_and_modes(recipe: Recipe) -> None:
    keys = [key(recipe, {})]
    (recipe.context / "bin/run").write_text("#!/bin/sh\nexit 1\n")
    keys.append(key(recipe, {}))
    (recipe.context / "bin/run").chmod(0o755)
    keys.append(key(recipe, {}))
    (recipe.context / "bin/run").rename(recipe.context / "bin/start")
    keys.append(key(recipe, {}))
    assert len(set(keys)) == len(keys)


def test_the_key_follows_the_base_and_the_tools(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    coredns = RECIPES["coredns"]
    newer = {**PROGRAMS, "coredns": Path("/cache/coredns-2-cccc/coredns")}
    assert key(coredns, PROGRAMS) != key(coredns, newer)
    before = key(recipe, {})
    monkeypatch.setattr(catalogue, "BASE_VERSION", "bookworm-99")
    assert key(recipe, {}) != before


def test_what_the_context_ignores_changes_nothing(recipe: Recipe) -> None:
    (recipe.context / ".dockerignore").write_text("# left out\n*.log\n**/drafts/\n")
    before = key(recipe, {})
    for name in ("__pycache__/a.pyc", "bin/drafts/b", "c.log"):
        (recipe.context / name).parent.mkdir(parents=True, exist_ok=True)
        (recipe.context / name).write_text("x")
    assert key(recipe, {}) == before
    assert {path.name for path in context_files(recipe)} == {".dockerignore", "Dockerfile", "run"}


def test_a_list_of_what_is_seen_leaves_out_all_else(tmp_path: Path) -> None:
    for name in ("kept/a.py", "kept/Dockerfile", "kept/deep/b.py", "kept/deep/__pycache__/b.pyc", "secrets/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "kept/Dockerfile.dockerignore").write_text("# this alone\n*\n!kept\nkept/Dockerfile*\n**/__pycache__\n")
    recipe = Recipe(name="thing", context=tmp_path, minutes=1, dockerfile=tmp_path / "kept/Dockerfile")
    before = key(recipe, {})
    assert set(build_files(recipe)) == {"Dockerfile", "kept/a.py", "kept/deep/b.py"}
    (tmp_path / "secrets/c").write_text("y")
    assert key(recipe, {}) == before, "what the build does not see changes no image"
    (tmp_path / "kept/Dockerfile").write_text("y")
    assert key(recipe, {}) != before


def test_the_sender_carries_the_services_and_the_domain_and_nothing_else() -> None:
    seen = {Path(name).parts[0] for name in build_files(RECIPES["sender"])}
    assert seen == {"Dockerfile", "services", "warmlane"}


def locked(file: str) -> dict[str, str]:
    """By package, the lines of a lock that name its version and its hashes."""
    entries = (REPOSITORY / file).read_text().replace("\\\n", " ").splitlines()
    return {entry.split("==")[0]: " ".join(entry.split()) for entry in entries if "==" in entry}


def test_the_services_lock_is_part_of_the_whole_one() -> None:
    ours, all_ = locked("services/requirements.lock"), locked("requirements.lock")
    asked = [line for line in (REPOSITORY / "services/requirements.in").read_text().splitlines() if line[:1] != "#"]
    assert {name.split("[")[0].lower() for name in asked} <= set(ours), "each package that is asked for is locked"
    differing = {name for name, entry in ours.items() if entry.split(" ;")[0].split()[0] != all_[name].split()[0]}
    assert differing == set(), "`make lock` writes both"
    assert all(set(hashes(entry)) <= set(hashes(all_[name])) for name, entry in ours.items())
    assert all(hashes(entry) for entry in ours.values())


def hashes(entry: str) -> list[str]:
    return [word for word in entry.split() if word.startswith("--hash=")]


def test_a_staged_context_holds_the_files_and_the_tools(recipe: Recipe, tmp_path: Path) -> None:
    tool = tmp_path / "coredns"
    tool.write_text("program")
    with_tool = Recipe(name="thing", context=recipe.context, minutes=1, programs=("coredns",))
    stage(with_tool, {"coredns": tool}, tmp_path / "staged")
    found = {str(path.relative_to(tmp_path / "staged")) for path in (tmp_path / "staged").rglob("*") if path.is_file()}
    assert found == {"Dockerfile", "bin/run", "coredns"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_image_has_a_dockerfile_that_a_registry_connected_builder_can_use(name: str) -> None:
    recipe = RECIPES[name]
    instructions = dockerfile(recipe).splitlines()
    bases = {line.split()[1] for line in instructions if line.startswith("FROM ")}
    assert bases <= {catalogue.BASE_REFERENCE, "scratch"}
    copied = {line.split()[1] for line in instructions if line.startswith("COPY ") and "--from=" not in line} - {"."}
    files = [Path(name) for name in build_files(recipe)]
    assert copied <= {*recipe.programs, *map(str, files), *(str(place) for file in files for place in file.parents)}


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"sender"}))
def test_only_the_sender_starts_as_root(name: str) -> None:
    users = [line for line in dockerfile(RECIPES[name]).splitlines() if line.startswith("USER ")]
    assert users and users[-1].split()[1].split(":")[0].isdigit(), (
        "Kubernetes proves a number, not a name, to be non-root"
    )
    assert users[-1] != "USER 0:0"


def write_archive(path: Path, manifests: list[dict[str, str]]) -> Path:
    data = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("index.json")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return path


def test_the_reference_is_the_manifests_digest(tmp_path: Path) -> None:
    digest = f"sha256:{'ab' * 32}"
    assert manifest_digest(write_archive(tmp_path / "a.tar", [{"digest": digest}])) == digest


def test_a_file_that_is_no_archive_of_one_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds 2 images"):
        manifest_digest(write_archive(tmp_path / "a.tar", [{"digest": "x"}, {"digest": "y"}]))
    (tmp_path / "b.tar").write_text("not a tar file")
    with pytest.raises(ValueError, match="no OCI archive"):
        manifest_digest(tmp_path / "b.tar")


INDEX = [
    "http://mirror.test/debian/ bookworm main",
    "http://mirror.test/debian/ bookworm main",
    "http://mirror.test/debian/ bookworm contrib",
    "http://mirror.test/debian-security/ bookworm-security main",
    "https://other.test/node nodistro main",
]


def test_only_debians_own_repositories_are_taken_from_the_machine() -> None:
    found = machine.debian_repositories(INDEX)
    assert found == [
        ("http://mirror.test/debian/", "bookworm"),
        ("http://mirror.test/debian-security/", "bookworm-security"),
    ]
    assert machine.mirror(found) == "http://mirror.test/debian/"
    assert machine.mirror([]) is None


def test_a_build_gets_the_machines_proxy_and_nothing_about_what_to_fetch() -> None:
    dump = [
        'Acquire::http::Proxy "http://proxy.test:3128";',
        'Acquire::Check-Date "false";',
        'Acquire::Languages:: "none";',
        'Acquire::https::CaInfo "/opt/ca.crt";',
        'APT::Default-Release "trixie";',
        'Acquire::cdrom "";',
    ]
    settings = machine.apt_settings(dump)
    assert settings[:2] == dump[:2]
    assert settings[2:] == [f'Acquire::https::CaInfo "{machine.CERTIFICATES_IN_BUILD}";']


def test_pip_is_told_where_packages_come_from_and_nothing_else() -> None:
    listing = [
        "global.index-url='https://packages.test/simple'",
        "global.user='true'",
        ":env:.default-timeout='180'",
        ":env:.index-url='https://nearer.test/simple'",
        "a broken line",
    ]
    found = machine.pip_settings(listing)
    assert found == {"index-url": "https://nearer.test/simple", "timeout": "180"}, "a variable is above a file"
    assert machine.pip_config(found) == "[global]\nindex-url = https://nearer.test/simple\ntimeout = 180\n"


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"pause"}))
def test_nothing_of_this_machine_is_in_a_dockerfile(name: str) -> None:
    text = dockerfile(RECIPES[name])
    for word in ("http://", "https://", "proxy", "sources.list"):
        assert word not in text.lower()


def test_sources_that_change_during_a_build_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "images_directory", lambda: tmp_path)
    monkeypatch.setattr(build, "missing", lambda programs: [])
    monkeypatch.setattr(build.toolchain, "ensure", lambda report: SimpleNamespace(programs={}))
    monkeypatch.setattr(build, "RECIPES", {"sender": RECIPES["sender"]})
    with pytest.raises(StepFailed, match=r"image sender failed: its sources changed meanwhile\nWhat to do: run it"):
        build.ensure(lambda line: None)
