"""Refused configuration, as a Pulumi program shows it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pulumi
import pytest
import yaml

from components import secret_values
from components.committed import campaign_of_stack, environment_of_stack, or_refusal
from warmlane.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "ab" * 32
IMAGES = {name: f"warmlane.local/{name}@{DIGEST}" for name in ("sender", "prometheus", "alertmanager", "postgresql")}


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone after the build: stack files, images and secrets."""
    (tmp_path / "campaigns").mkdir()
    (tmp_path / ".lab").mkdir()
    for file in ("Pulumi.dev.yaml", "campaigns/Pulumi.spring-sale.dev.yaml"):
        shutil.copy(REPOSITORY / file, tmp_path / file)
    (tmp_path / ".lab/images.json").write_text(json.dumps(IMAGES))
    secrets = {
        "submission": {"spring-sale": "canary-1"},
        "grafana_admin": "canary-2",
        "store_superuser": "canary-3",
        "store_key": "canary-4",
    }
    (tmp_path / ".lab/secrets.json").write_text(json.dumps(secrets))
    return tmp_path


@pytest.fixture(autouse=True)
def no_config():
    pulumi.runtime.set_all_config({})
    yield
    pulumi.runtime.set_all_config({})


def given(clone: Path, key: str, **changes) -> None:
    """Puts the committed value into the engine's config, with top-level keys replaced."""
    file = clone / {"environment": "Pulumi.dev.yaml", "campaign": "campaigns/Pulumi.spring-sale.dev.yaml"}[key]
    value = yaml.safe_load(file.read_text())["config"][f"warmlane:{key}"]
    pulumi.runtime.set_all_config({f"warmlane:{key}": json.dumps({**value, **changes})})


def test_both_programs_read_the_same_lease(clone) -> None:
    environment = environment_of_stack("dev", clone)
    name, seen, campaign, lease = campaign_of_stack("spring-sale.dev", clone)
    assert name == "dev" and seen == environment and campaign.id == "spring-sale"
    assert lease == environment.leases["spring-sale"]


def test_the_engines_config_may_repeat_the_file(clone) -> None:
    given(clone, "environment")
    assert environment_of_stack("dev", clone).images is not None


def test_an_override_of_the_engines_config_is_refused(clone) -> None:
    given(clone, "environment", domain="elsewhere.test")
    with pytest.raises(ConfigError, match="differs from Pulumi.dev.yaml, which both programs read"):
        environment_of_stack("dev", clone)
    given(clone, "campaign", daily_volume=1)
    with pytest.raises(ConfigError, match="differs from campaigns/Pulumi.spring-sale.dev.yaml"):
        campaign_of_stack("spring-sale.dev", clone)


@pytest.mark.parametrize("stack", ["dev", "spring-sale", ".dev", "spring-sale."])
def test_a_stack_without_an_environment_is_refused(clone, stack) -> None:
    with pytest.raises(ConfigError, match="<campaign>.<environment>"):
        campaign_of_stack(stack, clone)


def test_a_refusal_has_no_traceback() -> None:
    def refused() -> None:
        raise ConfigError("Pulumi.dev.yaml", [])

    with pytest.raises(pulumi.RunError, match=r"Pulumi\.dev\.yaml"):
        or_refusal(refused)


def test_a_missing_secret_is_named(clone) -> None:
    environment = environment_of_stack("dev", clone)
    with pytest.raises(ConfigError, match=r"submission\.winter-sale.*`make up` writes it"):
        secret_values.submission_password(environment, "winter-sale", clone)
    (clone / ".lab/secrets.json").unlink()
    with pytest.raises(ConfigError, match=r"\.lab/secrets\.json"):
        secret_values.grafana_admin_password(environment, clone)


def test_secrets_of_a_real_environment_come_from_stack_config(clone) -> None:
    environment = environment_of_stack("dev", clone).model_copy(update={"secrets_file": None})
    with pytest.raises(pulumi.ConfigMissingError, match="submission_password"):
        secret_values.submission_password(environment, "spring-sale", clone)


def test_secrets_are_secret_outputs(run, clone) -> None:
    environment = environment_of_stack("dev", clone)
    seen = []

    def program() -> None:
        value = secret_values.submission_password(environment, "spring-sale", clone)
        pulumi.Output.all(value, value.is_secret()).apply(seen.append)

    run(program)
    assert seen == [["canary-1", True]], "the engine would print the password"


STACK_FILES = sorted([*REPOSITORY.glob("Pulumi.*.yaml"), *REPOSITORY.glob("*/Pulumi.*.*.yaml")])


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_no_stack_uses_an_ambient_account_or_cluster(file) -> None:
    config = yaml.safe_load(file.read_text())["config"]
    assert config["pulumi:disable-default-providers"] == ["aws", "kubernetes"], "the engine may pick a default provider"


def test_the_labs_stacks_have_a_salt_and_real_ones_have_none() -> None:
    salted = {file.name for file in STACK_FILES if "encryptionsalt" in yaml.safe_load(file.read_text())}
    assert salted == {file.name for file in STACK_FILES if file.name.endswith(".dev.yaml")}, (
        "without a committed salt the engine writes one into a tracked file; a real stack brings its own"
    )
