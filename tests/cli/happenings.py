"""Engine events as the engine writes them, for tests that need some."""

from __future__ import annotations

from typing import Any

STACK_URN = "urn:pulumi:dev::warmlane::pulumi:pulumi:Stack::warmlane-dev"


def urn(name: str, kind: str = "warmlane:lane:Lane$aws:ec2/eip:Eip") -> str:
    return f"urn:pulumi:dev::warmlane::{kind}::{name}"


def prelude() -> dict[str, Any]:
    return {"preludeEvent": {"config": {}}}


def step(name: str) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": {"op": "create", "urn": urn(name), "type": "aws:ec2/eip:Eip"}}}


def failed(name: str) -> dict[str, Any]:
    return {"resOpFailedEvent": {"metadata": {"op": "create", "urn": urn(name)}, "status": 0, "steps": 1}}


def passed(*policies: str) -> dict[str, Any]:
    return {"policyAnalyzeSummaryEvent": {"resourceUrn": urn("a"), "policyPackName": "p", "passed": list(policies)}}


def violation(policy: str, message: str, level: str = "mandatory", resource: str = "amber-address") -> dict[str, Any]:
    body = {"resourceUrn": urn(resource), "message": message, "policyName": policy, "enforcementLevel": level}
    return {"policyEvent": body}


def said(message: str, severity: str = "error", urn_: str = STACK_URN) -> dict[str, Any]:
    return {"diagnosticEvent": {"urn": urn_, "message": message, "severity": severity}}


def summary(preview: bool, **changes: int) -> dict[str, Any]:
    return {"summaryEvent": {"isPreview": preview, "durationSeconds": 1, "resourceChanges": changes}}
