"""The committed schemas are fresh, and the shipped YAML keeps to them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from warmlane.config import parse_campaign, parse_environment
from warmlane.schema import rendered

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = sorted(ROOT.glob("Pulumi.*.yaml"))
CAMPAIGNS = sorted((ROOT / "campaigns").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("name", sorted(rendered()))
def test_fresh(name: str) -> None:
    assert (ROOT / "schema" / name).read_text() == rendered()[name], "run `python -m warmlane.schema`"


@pytest.mark.parametrize("path", [*ENVIRONMENTS, *CAMPAIGNS], ids=lambda path: path.name)
def test_shipped_files(path: Path) -> None:
    kind = "environment" if path in ENVIRONMENTS else "campaign"
    text = path.read_text()
    reference = "schema/" if kind == "environment" else "../schema/"
    first = f"# yaml-language-server: $schema={reference}{kind}.schema.json"
    assert text.splitlines()[0] == first, "editors find the schema by the file's first line"
    document = yaml.safe_load(text)
    schema = json.loads(rendered()[f"{kind}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    parse = parse_environment if kind == "environment" else parse_campaign
    parse(document["config"][f"warmlane:{kind}"], path.name)


def test_pulumis_own_keys_may_stand_beside() -> None:
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    document.update(encryptionsalt="v1:a", secretsprovider="passphrase", environment={"imports": ["aws"]})
    document["config"]["pulumi:disable-default-providers"] = ["aws"]
    schema = json.loads(rendered()["environment.schema.json"])
    jsonschema.validate(document, schema)
    document["lanes"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)
