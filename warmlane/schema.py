"""JSON Schemas of the stack files and of the snapshot: `python -m warmlane.schema [directory]` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from warmlane.base import Model
from warmlane.campaign import Campaign
from warmlane.config import CAMPAIGN_KEY, ENVIRONMENT_KEY
from warmlane.environment import Environment
from warmlane.snapshot import Snapshot

DIRECTORY = Path(__file__).resolve().parent.parent / "schema"

PULUMI_KEYS: dict[str, Any] = {
    "encryptionsalt": {"type": "string", "description": "Pulumi: salt of the passphrase provider."},
    "encryptedkey": {"type": "string", "description": "Pulumi: data key, encrypted by the secrets provider."},
    "secretsprovider": {"type": "string", "description": "Pulumi: provider that encrypts the stack's secrets."},
    "environment": {"description": "Pulumi: ESC environments that the stack imports."},
}
"""What else may stand at the top of a stack file (Pulumi's own stack settings)."""


def stack_file_schema(model: type[Model], key: str, title: str) -> dict[str, Any]:
    """The schema of a whole stack file whose config holds `model` under `key`; other config keys are free."""
    body = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {**body.pop("$defs", {}), model.__name__: body}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {key: {"$ref": f"#/$defs/{model.__name__}"}},
                "required": [key],
            },
            **PULUMI_KEYS,
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def document_schema(model: type[Model], title: str) -> dict[str, Any]:
    """The schema of a file that is one document of `model`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(), "title": title}


def schemas() -> dict[str, dict[str, Any]]:
    """By file name, every schema of the project."""
    return {
        "environment.schema.json": stack_file_schema(
            Environment, ENVIRONMENT_KEY, "Warmlane environment (Pulumi stack file)"
        ),
        "campaign.schema.json": stack_file_schema(Campaign, CAMPAIGN_KEY, "Warmlane campaign (Pulumi stack file)"),
        "snapshot.schema.json": document_schema(Snapshot, "Warmlane snapshot of an environment"),
    }


def rendered() -> dict[str, str]:
    """By file name, the text that is committed."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


def write(directory: Path) -> None:
    """Writes every schema to `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        (directory / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
