"""Makes a stack ready for the next run after an interrupted one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli import found, locks
from cli.engine import Engine
from cli.found_untagged import Report
from cli.stacks import Stack
from infra.found import VARIABLE
from warmlane.environment import Environment


def ready(engine: Engine, stack: Stack, report: Report) -> Mapping[str, Any]:
    """Clears a dead lock and settles what is pending; returns what the stack's state knows. Raises WorldFailed."""
    place = locks.directory(engine.backend(stack), stack)
    if place is not None:
        for lock in locks.clear_dead(place, stack):
            report(f"{stack.name}: cleared the lock of process {lock.pid}, which is gone")
    state = engine.deployment(stack)
    pending = state.get("pending_operations") or []
    if not pending:
        return state
    report(f"{stack.name}: settling {len(pending)} operation(s) that an interrupted run left pending")
    engine.settle(stack)
    return engine.deployment(stack)


def found_variables(
    engine: Engine, environment: Environment, state: Mapping[str, Any], report: Report
) -> dict[str, str]:
    """The variable by which the environment's program adopts what state does not know; empty when there is nothing."""
    if environment.aws is None:
        return {}
    ids = found.unknown(environment, engine.environment, state, engine.variables, report)
    for logical_name, id_ in sorted(ids.items()):
        report(f"{engine.environment}: adopting {logical_name} ({id_}), which exists and which state does not know")
    return {VARIABLE: json.dumps(ids)} if ids else {}
