"""Turns what pydantic says about a document into problems that a person can act on.

What is allowed is told from the model's own JSON Schema: the field's description, limits and alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from warmlane import names
from warmlane.base import Model
from warmlane.errors import Problem

Location = tuple[int | str, ...]
Schema = Mapping[str, Any]

PATTERNS = {
    names.ID_PATTERN: (
        f"it must be a DNS label: 1 to {names.ID_LENGTH} of a-z, 0-9 and -, starting with a letter and not ending "
        "with -"
    ),
    r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$": (
        "it must be a fully qualified domain name in lower case, such as news.example.com"
    ),
    r"^[A-Za-z0-9._+-]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}$": "it must be an e-mail address, such as team@example.com",
    r"^[a-z0-9./:_-]+@sha256:[0-9a-f]{64}$": (
        "it must be an image by digest, <repository>@sha256:<64 hex digits>; a tag alone names different programs on "
        "different days"
    ),
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": "it must be the name of a Kubernetes namespace (RFC 1123 label)",
    r"^[a-z]{2}(-[a-z]+)+-\d$": "it must be an AWS region, such as eu-central-1",
    r"^[a-z0-9][a-z0-9-]{0,31}$": "it must be 1 to 32 of a-z, 0-9 and -, starting with a letter or a digit",
    r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$": 'it must be a part from 0 to 1 in quotes, such as "0.25"',
    r"^[1-9]\d*[MGT]i$": "it must be a size with the unit Mi, Gi or Ti, such as 10Gi",
}
"""By pattern, what a person would say instead of it."""

SHAPES = {
    "int": "it must be a whole number",
    "string_type": "it must be text; put it in quotes",
    "datetime": "it must be a moment, written as YYYY-MM-DDThh:mm:ss with an offset, such as Z",
    "timezone": "it must be a moment with an offset, such as 2026-11-02T09:00:00Z",
    "date": "it must be a date, written as YYYY-MM-DD in quotes",
    "ip_v4_address": "it must be an IPv4 address, such as 192.0.2.10",
    "ip_v4_network": "it must be an IPv4 range in CIDR form without host bits, such as 10.0.0.0/16",
    "url": "it must be a URL that starts with https://",
    "bool": "it must be true or false",
    "list_type": "it must be a list",
    "dict_type": "it must be a mapping of keys to values",
    "model": "it must be a mapping of keys to values",
    "path": "it must be a path relative to the repository",
}
"""By the beginning of pydantic's error type, the shape that is asked for."""


def problems(error: ValidationError, model: type[Model]) -> list[Problem]:
    """Every problem that pydantic found, one for each place, in the document's order."""
    found: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        context = detail.get("ctx", {})
        location: Location = tuple(part for part in detail["loc"] if part != "[key]")
        location, schema, parent = _visible(model, location)
        value = "" if detail["type"] in {"missing", "union_tag_not_found"} else show(detail["input"])
        if detail["type"] == "union_tag_invalid":
            location, value = (*location, context["discriminator"].strip("'")), show(context["tag"])
        elif "[key]" in detail["loc"]:
            value = show(location[-1])
        key = ".".join(str(part) for part in location)
        found.setdefault(key, Problem(key, value, _allowed(detail, schema, parent, location)))
    return list(found.values())


def show(value: object) -> str:
    """A value as a person would recognise it from the file."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {show(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


@cache
def _document(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        target = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        if len(options) == 1:
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            return {**_resolve(root, options[0]), **rest}
    return schema


def _step(root: Schema, schema: Schema, part: int | str) -> Schema:
    schema = _resolve(root, schema)
    properties = schema.get("properties", {})
    if part in properties:
        return _resolve(root, properties[part])
    if isinstance(part, int):
        return _resolve(root, schema.get("items", {}))
    branches = list(schema.get("patternProperties", {}).values())
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        branches.append(extra)
    return _resolve(root, branches[0]) if branches else {}


def _visible(model: type[Model], location: Location) -> tuple[Location, Schema, Schema]:
    """The location as it stands in the file, the schema of what is there, and the schema of what holds it.

    Pydantic puts the chosen alternative of a discriminated union into its locations; nobody wrote that in the file.
    """
    root: Schema = _document(model)
    schema, above = root, root
    seen = list[int | str]()
    for part in location:
        mapping = schema.get("discriminator", {}).get("mapping", {})
        if part in mapping:
            schema = _resolve(root, {"$ref": mapping[part]})
            continue
        above, schema = schema, _step(root, schema, part)
        seen.append(part)
    return tuple(seen), schema, above


def _described(schema: Schema) -> str:
    return str(schema.get("description", "")).split("\n")[0].replace("`", "").rstrip(".")


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else ""


def _number(schema: Schema) -> str:
    return f"it must be a {'whole ' if schema.get('type') == 'integer' else ''}number{_range(schema)}"


def _unknown_key(parent: Schema, location: Location) -> str:
    known = sorted(parent.get("properties", {}))
    near = get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"there is no such key; {hint}the keys here are {', '.join(known)}"


def _missing(schema: Schema) -> str:
    description = _described(schema)
    return f"it is required: {description}" if description else "it is required"


def _choices(context: Mapping[str, Any]) -> str:
    """Pydantic lists alternatives as "'a', 'b' or 'c'"."""
    expected = str(context.get("expected", context.get("expected_tags", "")))
    options = re.findall(r"'([^']*)'", expected)
    return f"it must be {options[0]}" if len(options) == 1 else f"it must be one of {', '.join(options)}"


def _length(context: Mapping[str, Any], schema: Schema) -> str:
    pattern, most = PATTERNS.get(str(schema.get("pattern", ""))), str(context.get("max_length", ""))
    if pattern and most in pattern:
        return pattern
    if most:
        return f"it may have at most {most} characters"
    return f"it must have at least {context['min_length']} characters: {_described(schema)}"


def _allowed(detail: Mapping[str, Any], schema: Schema, parent: Schema, location: Location) -> str:
    kind, context = str(detail["type"]), detail.get("ctx", {})
    if "[key]" in detail["loc"]:
        return PATTERNS[names.ID_PATTERN]
    special: dict[str, Callable[[], str]] = {
        "extra_forbidden": lambda: _unknown_key(parent, location),
        "invalid_key": lambda: "a key must be text; put it in quotes",
        "missing": lambda: _missing(schema),
        "union_tag_not_found": lambda: f"name its {str(context.get('discriminator', '')).strip(chr(39))}",
        "union_tag_invalid": lambda: _choices(context),
        "enum": lambda: _choices(context),
        "literal_error": lambda: _choices(context),
        "string_pattern_mismatch": lambda: PATTERNS.get(
            str(context.get("pattern")), f"it must match {context.get('pattern')}"
        ),
        "string_too_long": lambda: _length(context, schema),
        "string_too_short": lambda: _length(context, schema),
        "too_short": lambda: "it must have at least one entry",
        "value_error": lambda: str(detail["msg"]).removeprefix("Value error, "),
        "greater_than_equal": lambda: _number(schema),
        "less_than_equal": lambda: _number(schema),
    }
    if kind in special:
        return special[kind]()
    for beginning, text in SHAPES.items():
        if kind.startswith(beginning):
            return text + (_range(schema) if beginning == "int" else "")
    return str(detail["msg"])


def rename(found: Sequence[Problem], prefix: str) -> list[Problem]:
    """The same problems below another key."""
    return [
        Problem(f"{prefix}.{problem.key}" if problem.key else prefix, problem.value, problem.allowed)
        for problem in found
    ]
