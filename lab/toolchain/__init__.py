"""Builds the lab's tools from source into a cache that all clones of a machine share.

Standard library only: `lab/bootstrap` asks it what is missing before there is a virtual environment.
"""

from __future__ import annotations

from lab.toolchain.build import Toolbox, built, ensure
from lab.toolchain.catalogue import TOOLS, Tool, minutes_left, missing
from lab.toolchain.packages import machine_findings, missing_packages
from lab.toolchain.steps import Report, StepFailed

__all__ = [
    "TOOLS",
    "Report",
    "StepFailed",
    "Tool",
    "Toolbox",
    "built",
    "ensure",
    "machine_findings",
    "minutes_left",
    "missing",
    "missing_packages",
]
