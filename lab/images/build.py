"""Builds the lab's images from the project's own Dockerfiles, without a registry."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import settings, toolchain
from lab.images import machine
from lab.images.archive import manifest_digest
from lab.images.catalogue import BASE_REFERENCE, BASE_VERSION, MACHINE, RECIPES, Recipe, build_files, key
from lab.images.store import Store, open_store
from lab.toolchain.steps import Report, StepFailed, cache_lock, run

BASE_MINUTES = 1.0

LEFT_OUT = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/lib/apt/lists",
    "var/cache/apt",
)
"""Folders that the base has empty: nothing in a container reads them."""

# The same for what is installed later.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
"""


@dataclass(frozen=True)
class Image:
    """A built image: its reference by digest and the OCI archive that holds it."""

    reference: str
    archive: Path


def images_directory() -> Path:
    """Where the archives lie."""
    return settings.CACHE / "images"


def archive_of(recipe: Recipe, programs: Mapping[str, Path]) -> Path:
    """The archive of an image in the cache, whether or not it is built."""
    return images_directory() / f"{recipe.name}-{key(recipe, programs)}.tar"


def missing(programs: Mapping[str, Path]) -> list[Recipe]:
    """Images that are not in the cache, in the order in which they are built."""
    return [recipe for recipe in RECIPES.values() if not archive_of(recipe, programs).exists()]


def ensure(report: Report) -> dict[str, Image]:
    """Builds the images that the cache lacks and returns all by name. Raises StepFailed."""
    programs = toolchain.ensure(report).programs
    if missing(programs):
        with cache_lock("images", report):
            wanted = missing(programs)
            if wanted:
                build(report, wanted, programs)
    return {name: _image(recipe, programs) for name, recipe in RECIPES.items()}


def ensure_machine(report: Report) -> Image:
    """The image of lab/Dockerfile, built when the cache lacks it. Raises StepFailed."""
    with cache_lock("images", report):
        if not archive_of(MACHINE, {}).exists():
            build(report, [MACHINE], {})
    return _image(MACHINE, {})


def _image(recipe: Recipe, programs: Mapping[str, Path]) -> Image:
    archive = archive_of(recipe, programs)
    if not archive.exists():
        # Its name is made of the sources' contents, which were others when it was built.
        raise StepFailed(f"building image {recipe.name}", "its sources changed meanwhile", "run it again")
    return Image(reference=f"{recipe.repository}@{manifest_digest(archive)}", archive=archive)


def build(report: Report, wanted: list[Recipe], programs: Mapping[str, Path]) -> None:
    """Builds `wanted`, one after the other; the caller holds the cache's lock. Raises StepFailed."""
    images_directory().mkdir(parents=True, exist_ok=True)
    store = open_store()
    if not store.has(base_tag()):
        report(f"building the base image of the lab's images (Debian by debootstrap; about {BASE_MINUTES:.0f} min)")
        build_base(store)
    # The Dockerfiles ask for the base under the name that any other builder knows.
    store.run("naming the base image", "tag", base_tag(), BASE_REFERENCE)
    for done, recipe in enumerate(wanted):
        left = max(1, round(sum(other.minutes for other in wanted[done:])))
        report(f"building image {recipe.name} ({done + 1} of {len(wanted)}; about {left} min left in all)")
        build_image(store, recipe, programs)


def base_tag() -> str:
    """The base image under the version of its making."""
    return f"localhost/warmlane-base:{BASE_VERSION}"


def build_base(store: Store) -> None:
    """Makes the base image: a minimal Debian 12, from the mirror that this machine's apt uses."""
    scratch = settings.CACHE / "buildah/tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-", dir=scratch) as directory:
        tree = Path(directory) / "tree"
        source = machine.mirror(machine.repositories())
        command = ["debootstrap", "--variant=minbase", machine.SUITES[0], str(tree), *([source] if source else [])]
        run("debootstrap of the base image", command, env=machine.download_environment())
        for name in LEFT_OUT:
            shutil.rmtree(tree / name)
            (tree / name).mkdir()
        (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
        # A build mounts the machine's settings over these; where nothing is mounted they are empty and mean nothing.
        (tree / "etc/apt/apt.conf.d/90machine").touch()
        (tree / "etc/resolv.conf").write_text("")
        (tree / "etc/hostname").unlink(missing_ok=True)
        tarball = Path(directory) / "base.tar"
        run(
            "packing the base image",
            ["tar", "--one-file-system", "--numeric-owner", "-C", str(tree), "-cf", str(tarball), "."],
        )
        dockerfile = Path(directory) / "Dockerfile"
        dockerfile.write_text('FROM scratch\nADD base.tar /\nCMD ["bash"]\n')
        # Never across a mount that an interrupted debootstrap may have left in the tree.
        run("clearing the base image's tree", ["rm", "-rf", "--one-file-system", str(tree)])
        store.run(
            "building the base image", "bud", "--isolation", "chroot", "--pull-never", "--tag", base_tag(), directory
        )


def build_image(store: Store, recipe: Recipe, programs: Mapping[str, Path]) -> None:
    """Builds one image and puts its archive into the cache in one move. Raises StepFailed."""
    archive = archive_of(recipe, programs)
    tag = f"{recipe.repository}:{key(recipe, programs)}"
    with tempfile.TemporaryDirectory(prefix=f"{recipe.name}-", dir=settings.CACHE / "buildah/tmp") as directory:
        context = Path(directory) / "context"
        stage(recipe, programs, context)
        store.run(
            f"building image {recipe.name}",
            *("bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--format", "oci"),
            *machine.build_mounts(Path(directory) / "machine"),
            *("--tag", tag, context),
        )
        prepared = Path(directory) / "image.tar"
        store.run(f"saving image {recipe.name}", "push", "--format", "oci", tag, f"oci-archive:{prepared}:{tag}")
        prepared.rename(archive)
    store.forget_others(tag)
    for old in images_directory().glob(f"{recipe.name}-*.tar"):
        if old != archive and old.stat().st_mtime < archive.stat().st_mtime - OLD_SECONDS:
            old.unlink()


OLD_SECONDS = 14 * 24 * 3600
"""Archives this much older than the newest are no longer wanted by any clone in use."""


def stage(recipe: Recipe, programs: Mapping[str, Path], into: Path) -> None:
    """Copies an image's build context, the tools included, into a folder of its own."""
    for name, path in build_files(recipe).items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for program in recipe.programs:
        shutil.copy(programs[program], into / program)
