"""Reads the deployment's files: settings and their names, the compose file, `.env.example`, mosquitto's directives."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import AliasChoices

from gaswatch.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")


def variables_of_settings() -> dict[str, str]:
    """Each setting's environment variable, and the setting's name."""
    found = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        own = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"GASWATCH_{name.upper()}"
        found[own] = name
    return found


def compose() -> dict[str, Any]:
    """The compose file; a key that is there twice is an error."""
    text = (ROOT / "docker-compose.yml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=_Strict)  # noqa: S506 -- derived from the safe loader
    return found


def variables_of(value: object) -> dict[str, str]:
    """The `${VARIABLES}` in a part of the compose file, and what stands behind the name (":?…", ":-…", "")."""
    match value:
        case dict():
            parts = [variables_of(one) for one in value.values()]
        case list():
            parts = [variables_of(one) for one in value]
        case _:
            return {name: rest or "" for name, rest in _VARIABLE.findall(str(value))}
    return {name: rest for part in parts for name, rest in part.items()}


def example() -> dict[str, tuple[str, bool]]:
    """`.env.example`: each variable's value, and whether it is commented out."""
    found = {}
    for line in (ROOT / ".env.example").read_text().splitlines():
        if match := re.fullmatch(r"(#?)([A-Z0-9_]+)=(.*)", line):
            found[match[2]] = (match[3], bool(match[1]))
    return found


def directives(text: str) -> dict[str, list[str]]:
    """Mosquitto's directives and their values, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.strip().partition(" ")
            found.setdefault(name, []).append(value)
    return found


class _Strict(yaml.SafeLoader):
    """YAML lets the last of two equal keys win; we don't."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[object, object]:
    keys = [loader.construct_object(key) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
