"""The Pod Security Standards as a pure function: what an API server of `VERSION` refuses at a level.

Written from the published standard (kubernetes.io, Concepts, Security, Pod Security Standards). That it gives an API
server's own verdict is shown by `tests/policies/pod_security`, which asks one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from policies.pod_security.baseline import BASELINE
from policies.pod_security.control import Control, Finding, Place, Pod
from policies.pod_security.restricted import RESTRICTED

Level = Literal["privileged", "baseline", "restricted"]
LEVELS: Final[tuple[Level, ...]] = ("privileged", "baseline", "restricted")
"""From the weakest to the strictest; each contains the one before it."""
VERSION: Final = (1, 35)
"""Major and minor version of the Standards that is judged: that of the API server in `tools/kubernetes`."""

CONTROLS: Final[dict[Level, tuple[Control, ...]]] = {
    "privileged": (),
    "baseline": BASELINE,
    "restricted": (*BASELINE, *RESTRICTED),
}


def evaluate(level: Level, metadata: Any, spec: Any) -> Iterator[Finding]:
    """What keeps a pod out of a namespace of that level; nothing for a pod that is let in.

    `metadata` and `spec` are a pod's, or those of a workload's template, as plain values. A value that decides and is
    not known yet (`policies.plain.UNKNOWN`) is a finding of its own.
    """
    pod = Pod(Place("metadata", metadata), Place("spec", spec))
    for control in CONTROLS[level]:
        yield from control.judge(pod)
