"""`warmlane images`: builds Warmlane's images, pushes them to a registry and writes their digests into the config."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.outcome import Code, Misused, WorldFailed
from warmlane import config

app = typer.Typer(help="Container images of an environment.", no_args_is_help=True)

BLOCK = re.compile(r"^    images:[^\n]*\n(?:      [^\n]*\n)*", re.MULTILINE)


@app.command()
def push(
    context: typer.Context,
    registry: Annotated[
        str, typer.Argument(help="Where to, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/mail.")
    ],
    environment: Annotated[str, typer.Option("--environment", "-e", help="The environment that gets them.")] = "prod",
) -> None:
    """Builds the images here, pushes them, and writes `images` into Pulumi.<environment>.yaml by digest.

    Log in first (`buildah login REGISTRY`). The file is yours to commit.
    """
    from cli.stacks import selected
    from lab.toolchain import StepFailed

    repository, output = context.obj.repository, context.obj.output
    selected(repository, environment, (), False)
    path = repository / config.environment_file(environment)
    body = yaml.safe_load(path.read_text())["config"][config.ENVIRONMENT_KEY]
    if body.get("images_file"):
        raise Misused(
            f"{path.name} reads its images from {body['images_file']}, which the lab's build writes.",
            "Push for an environment that names its images itself, with --environment.",
        )
    try:
        references = pushed(registry.rstrip("/"), output.note)
    except StepFailed as error:
        raise WorldFailed(
            str(error), f"Log in with `buildah login {registry.partition('/')[0]}` and run it again."
        ) from None
    path.write_text(with_images(path.read_text(), {**references, **kept(body)}))
    output.note(f"wrote {len(references)} images into {path.name}; commit it")
    output.document("images push", Code.FINE, file=path.name, images=references)


def pushed(registry: str, report: Any) -> dict[str, str]:
    """Builds and pushes; by name, the references by the digest that the registry has. Raises StepFailed."""
    from lab import images
    from lab.images.store import open_store

    built, store = images.ensure(report), open_store()
    references = dict[str, str]()
    for name in images.CONFIGURED:
        version = built[name].archive.stem.rpartition("-")[2]
        local, remote = f"{images.RECIPES[name].repository}:{version}", f"{registry}/{name}"
        report(f"pushing {remote}")
        with tempfile.TemporaryDirectory(prefix="warmlane-push-") as directory:
            digest = Path(directory) / "digest"
            store.run(f"reading image {name}", "pull", f"oci-archive:{built[name].archive}")
            # A registry's digest is that of the compressed layers, so it is read and never computed here.
            store.run(f"pushing image {name}", "push", "--digestfile", digest, local, f"docker://{remote}:{version}")
            references[name] = f"{remote}@{digest.read_text().strip()}"
    return references


def kept(body: Mapping[str, Any]) -> dict[str, str]:
    """Images that the environment names already and that are not built here."""
    from lab.images import CONFIGURED

    named: Mapping[str, str] = body.get("images") or {}
    return {name: reference for name, reference in named.items() if name not in CONFIGURED}


def with_images(text: str, images: Mapping[str, str]) -> str:
    """A stack file with these images and everything else, comments too, as it was."""
    block = "    images:\n" + "".join(f"      {name}: {reference}\n" for name, reference in images.items())
    if BLOCK.search(text):
        return BLOCK.sub(lambda _: block, text, count=1)
    head, key, tail = text.partition(f"  {config.ENVIRONMENT_KEY}:\n")
    if not key:
        raise Misused(
            f"The file has no {config.ENVIRONMENT_KEY}.", "Write the environment first; see Pulumi.prod.yaml."
        )
    return head + key + block + tail
