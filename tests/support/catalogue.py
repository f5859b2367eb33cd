"""Every text that the pages show: what templates mark, and what `phrases` holds."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from dashboard.adapters.web import phrases, sentences
from dashboard.adapters.web.render import HERE

FORMATS = ("{s} s", "{m} min {s:02} s", "{h} h {m:02} min", "{d} d {h} h")
"""Marked in formats.py, which no extractor reads."""


def used_texts() -> set[str]:
    """Message ids (of a plural: both forms)."""
    found = set(FORMATS) | set(sentences.SCRIPT.values())
    for words in phrases.WORDS.values():
        found |= set(words.values())
    for template in sorted((HERE / "templates").glob("*.html")):
        found |= _marked(template)
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue of `language` as its `.po` says."""
    path = HERE / "locale" / language / "LC_MESSAGES" / "dashboard.po"
    return read_po(BytesIO(path.read_bytes()), locale=language)


def _marked(template: Path) -> set[str]:
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    texts: set[str] = set()
    functions = ("_", "gettext", "ngettext")
    for _line, _function, message, _comments in babel_extract(
        BytesIO(template.read_bytes()), functions, (), options
    ):
        texts |= {part for part in (message if isinstance(message, tuple) else (message,)) if part}
    return texts
