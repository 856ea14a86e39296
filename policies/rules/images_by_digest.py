"""Every image is named by digest: a tag names different programs on different days."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, resource_rule
from policies.scopes import POD_TEMPLATES, in_containers

ABOUT = About(
    name="images-by-digest",
    display_name="Images by digest",
    description=(
        "Every container, init container, ephemeral container and image volume names its image by digest, and the "
        "digest was not invented."
    ),
    why="What was reviewed and what runs are the same program only when a digest says so.",
    remediation=(
        "Write <repository>@sha256:<digest>; `warmlane images push` prints and stores the digests of Warmlane's images."
    ),
    severity=Severity.HIGH,
    inputs=plan(POD_TEMPLATES, *in_containers("image"), ("spec", "volumes", EACH, "image", "reference")),
)

BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.has_pods(resource):
        return
    what, spec = kubernetes.title(resource), at(kubernetes.pod_template(resource), "spec")
    for container in kubernetes.containers(spec):
        if kubernetes.is_patch(resource) and container.get("image") is None:
            continue
        yield from _judge_image(f"{what}, container {container.get('name')},", container.get("image"))
    for volume in items(spec, "volumes"):
        if at(volume, "image") not in (None, UNKNOWN):
            yield from _judge_image(f"{what}, volume {at(volume, 'name')},", at(volume, "image", "reference"))


def _judge_image(where: str, image: object) -> Iterator[str]:
    if image is UNKNOWN:
        return
    if not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
        yield f"{where} names its image as {image}. Name it by digest: <repository>@sha256:<64 hex digits>."
    elif image.endswith("0" * 64):
        yield f"{where} names a digest of zeros, which no image has. Push the image and write its digest."


RULE = resource_rule(ABOUT, judge)
