"""Pages from templates: autoescaped, strict about names, in the reader's language and the town's time zone.

A page is `Pages.render(views.CONSOLE, language=…, **context)`; the contexts are in `dashboard.adapters.views`.
"""

import gettext
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard.adapters.web import formats, phrases, sentences
from gascore.words import Language

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
"""What the server offers under `/static`; built files are in `dist/` and never change under their name."""
DOMAIN = "dashboard"
"""gettext's name of our catalogue."""


class AssetsMissingError(Exception):
    """The built files or the compiled translations are not there; the message says what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is missing: run `python hatch_build.py` in the checkout, or install the wheel."
        )


class Pages:
    """The dashboard's templates, ready to render.

    Args:
        timezone: IANA name; instants on pages are shown in it.
        home: folder with `templates`, `locale` and `static/dist`.

    Raises:
        AssetsMissingError: nothing was built.
    """

    def __init__(self, timezone: str, *, home: Path = HERE) -> None:
        self._assets = _manifest(home / "static" / "dist" / "manifest.json")
        self._timezone = timezone
        self._environments = {language: self._environment(home, language) for language in Language}

    def render(self, template: str, *, language: Language, **context: object) -> str:
        """The page as HTML. `template` is a name from `dashboard.adapters.views`, such as "console".

        Raises:
            jinja2.UndefinedError: the context lacks a name that the template needs.
        """
        return self._environments[language].get_template(f"{template}.html").render(**context)

    def asset(self, name: str) -> str:
        """The address of a built file, such as "live.js"."""
        return f"/static/dist/{self._assets[name]}"

    def _environment(self, home: Path, language: Language) -> Environment:
        translations = _translations(home / "locale", language)
        environment = Environment(
            loader=FileSystemLoader(home / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # of i18n
        environment.globals |= {
            "asset": self.asset,
            "language": language.value,
            "timezone": self._timezone,
            "script_data": lambda **extra: _script_data(language, self._timezone, translations, extra),
        }
        environment.filters |= formats.Formats(self._timezone, language, translations.gettext).filters()
        return environment


def _script_data(
    language: Language, timezone: str, translations: gettext.NullTranslations, extra: Mapping[str, object]
) -> Markup:
    """JSON for the scripts, safe inside a `<script type="application/json">`."""
    data = {
        "language": language.value,
        "timezone": timezone,
        "text": {key: translations.gettext(text) for key, text in sentences.SCRIPT.items()},
        "words": {
            group: {key: translations.gettext(text) for key, text in words.items()}
            for group, words in phrases.WORDS.items()
        },
        **extra,
    }
    encoded = msgspec.json.encode(data).decode()
    safe = encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704  # the three characters that could end the element are escaped


def _manifest(path: Path) -> Mapping[str, str]:
    try:
        return MappingProxyType(json.loads(path.read_text()))
    except FileNotFoundError as error:
        raise AssetsMissingError(str(path)) from error


def _translations(locale: Path, language: Language) -> gettext.NullTranslations:
    try:
        return gettext.translation(DOMAIN, locale, [language.value])
    except FileNotFoundError as error:
        raise AssetsMissingError(f"The translation to {language.value}") from error
