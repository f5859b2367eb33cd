"""Reads and writes the file of templates (TOML): a table for each provider, in it one for each language.

[aliyun_sms]
signature = "燃气监管"
[aliyun_sms.zh]
"leak.raised" = { code = "SMS_1", text = "{place}燃气泄漏{level},{when}。…" }
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from alerts.rules.templates import VARIABLE_MAX, Book, Template, proposed
from alerts.rules.words_of_texts import CALL
from gascore.words import Language

SPOKEN: Final = frozenset({"aliyun_voice"})
"""Providers that read their templates aloud."""
PROVIDERS: Final = SPOKEN | {"aliyun_sms", "tencent_sms"}
"""Those that take nothing but templates."""


class TemplatesError(Exception):
    """The file can't be used; the message is one line that says what to do."""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    signature: str = ""
    variable_max: int = VARIABLE_MAX
    zh: dict[str, Template] = {}
    en: dict[str, Template] = {}


def read(path: Path) -> dict[str, Book]:
    """The books by the provider's name (`alerts.ports.Channel.name`).

    Raises:
        TemplatesError: there is no such file, it is no TOML, or has other keys than it should.
    """
    try:
        tables = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, _Table])
    except OSError as error:
        raise TemplatesError(
            f"{path}: {error.strerror}; set GASWATCH_TEMPLATES to the file of templates"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplatesError(f"{path}: is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise TemplatesError(f"{path}: {error}; `gaswatch templates` writes one as it should be") from error
    return {name: _book(name, table) for name, table in tables.items()}


def written(provider: str, texts: Mapping[str, Template]) -> str:
    """A provider's table, with texts to have approved."""
    lines = [f"[{provider}]"]
    if provider not in SPOKEN:
        lines.append('signature = "燃气监管" # as approved, without 【】')
    lines.append(f"[{provider}.zh]")
    for name, one in texts.items():
        lines.append(f'"{name}" = {{ code = {_quoted(one.code)}, text = {_quoted(one.text)} }}')
    return "\n".join(lines) + "\n"


def proposal(provider: str, call: str = CALL) -> str:
    """The same for all that is needed; the codes are to be filled in. `call`: the number that texts say to call."""
    return written(provider, proposed(spoken=provider in SPOKEN, call=call))


def _book(name: str, table: _Table) -> Book:
    entries = {
        language: texts for language, texts in ((Language.ZH, table.zh), (Language.EN, table.en)) if texts
    }
    return Book(table.signature, table.variable_max, spoken=name in SPOKEN, entries=entries)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
