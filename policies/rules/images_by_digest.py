"""Every container's image is named by digest: a tag names different programs on different days."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.plain import at
from policies.rule import About, Resource, resource_rule

ABOUT = About(
    name="images-by-digest",
    display_name="Images by digest",
    description=(
        "Every container, init container and sidecar names its image by digest, and the digest was not invented."
    ),
    remediation=(
        "Write <repository>@sha256:<digest>; `warmlane images push` prints and stores the digests of Warmlane's images."
    ),
    severity=Severity.HIGH,
)

BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.has_pods(resource):
        return
    for container in kubernetes.containers(at(kubernetes.pod_template(resource), "spec")):
        image, where = container.get("image"), f"{kubernetes.title(resource)}, container {container.get('name')},"
        if not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
            yield f"{where} names its image as {image}. Name it by digest: <repository>@sha256:<64 hex digits>."
        elif image.endswith("0" * 64):
            yield f"{where} names a digest of zeros, which no image has. Push the image and write its digest."


RULE = resource_rule(ABOUT, judge)
