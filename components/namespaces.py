"""Labels of namespaces: what Pod Security admits in them."""

from __future__ import annotations

from typing import Literal

POD_SECURITY_VERSION = "v1.35"
"""Version of the Pod Security Standards that is enforced; a cluster that is older takes its own latest."""


def pod_security(enforce: Literal["baseline", "restricted"]) -> dict[str, str]:
    """The Pod Security labels of a namespace; what falls short of `restricted` is always audited.

    A person is warned only of what falls short of the declared level: Postfix' master needs root, and a warning that
    comes with every deploy is soon read by nobody.
    """
    levels = {"enforce": enforce, "warn": enforce, "audit": "restricted"}
    found = {f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}
    return found | {f"pod-security.kubernetes.io/{mode}-version": POD_SECURITY_VERSION for mode in levels}
