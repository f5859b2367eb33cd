"""The English words that enums need, all of them; templates hold their own words, scripts have `sentences`.

Translations: `locale/*.po`. A test compares `WORDS` with the enums and every word with the Chinese catalogue.
"""

from collections.abc import Mapping
from typing import Final

from dashboard.adapters.web import (
    phrases_alarms,
    phrases_people,
    phrases_platform,
    phrases_town,
    phrases_upkeep,
)

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    **phrases_alarms.WORDS,
    **phrases_people.WORDS,
    **phrases_platform.WORDS,
    **phrases_town.WORDS,
    **phrases_upkeep.WORDS,
}
