"""What pages say where the answer to a program would be the problem's own detail, which is the key here."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "refused": {
        "No place has this name: choose one from the list.": "No place has this name: choose one from the list.",
        "Several places have this name: choose one from the list.": "Several places have this name: "
        "choose one from the list.",
        "Fill in every field; instants like 2026-11-25T20:30.": "Fill in every field.",
        "It is over already: make a new one.": "This window is over already: make a new one.",
        "until_ms: choose an instant in the future.": "Until: choose an instant in the future.",
        "person: there is nobody with this id in the ledger; choose another one.": "Nobody in the ledger is called so: "
        "choose another person.",
        "say the reason.": "Say the reason.",
        "the end must be after the begin.": "The end must be after the begin.",
        "it may last, or repeat, for a year at most: choose an earlier end.": "It may last, or repeat, "
        "for a year at most: choose an earlier end.",
        "'' is no time of day: write it like 08:30.": "Say from when to when on these days, like 08:30.",
    },
}
