"""Several texts to one number become one: all but leaks', which are never bundled. Pure.

The first text goes at once; what follows within two minutes waits and goes as one (OnCall, peers.md 3.8). A bundle
names as many of its alarms as fit into one segment, with the codes to answer by, and says how many there are.
"""

import re
from collections.abc import Sequence
from typing import Final

from alerts.rules.delivery import Parcel, presses
from alerts.rules.words_of_texts import SIGNATURE
from gascore.alarm import AlarmKind, ChannelKind, NoticePurpose, NoticeState
from gascore.words import Language

BUNDLE_MS: Final = 120_000
"""So long after a text the next ones are gathered."""
LIMIT: Final = 70
"""Characters in one segment of UCS-2."""
_HEAD: Final = {Language.ZH: "{}条:", Language.EN: "{} alarms: "}
_CODE: Final = {Language.ZH: "回{}", Language.EN: " Reply {}"}
_REST: Final = {Language.ZH: "等", Language.EN: "..."}
_BETWEEN: Final = ";"
_GIST: Final = re.compile(r"[^,。.!]+")
_SHORTEST: Final = 6
"""Of what an alarm is called in a bundle; below, it is left out."""
CODE: Final = "bundled:"
"""The code of a notice that went in another one: "bundled:{id}"."""
CHATTERS: Final = "chatters"
"""The code of a notice that is kept back until its alarm is calm (`alerts.rules.chatter`)."""
_BY_THEMSELVES: Final = frozenset({NoticePurpose.ANSWER, NoticePurpose.TEST})
_OURS: Final = frozenset({AlarmKind.BLIND.value, AlarmKind.TROUBLE.value})
_NEWS: Final = frozenset({NoticePurpose.RAISED.value, NoticePurpose.WORSE.value})


def may_bundle(parcel: Parcel) -> bool:
    """Whether it may go with others: a text of an alarm, not about a leak, that nobody waits for."""
    waits = parcel.notice.state is NoticeState.PENDING and parcel.notice.channel == ChannelKind.SMS
    return waits and not presses(parcel) and parcel.notice.purpose not in _BY_THEMSELVES


def may_wait(parcel: Parcel) -> bool:
    """Whether it may wait for others; that we can't see, or are in trouble ourselves, is told at once."""
    return may_bundle(parcel) and not _is_about_us(parcel)


def goes_along(one: Parcel, lead: Parcel, now_ms: int) -> bool:
    """Whether it goes with the lead, waiting as it does: not what is kept back until a fault is calm.

    News about ourselves goes only with its like, so that its words have room.
    """
    if one.notice.id == lead.notice.id or not may_bundle(one) or now_ms >= one.expires_ms:
        return False
    return one.notice.code != CHATTERS and _is_about_us(one) == _is_about_us(lead)


def _is_about_us(parcel: Parcel) -> bool:
    kind, _, purpose = (parcel.template or "").partition(".")
    return kind in _OURS and purpose in _NEWS


def bundle_text(parcels: Sequence[Parcel]) -> str:
    """One text for several notices in the language of the first."""
    language = parcels[0].language
    head = SIGNATURE[language] + _HEAD[language].format(len(parcels))
    room = LIMIT - len(head)
    for shown in range(len(parcels), 0, -1):
        rest = _REST[language] if shown < len(parcels) else ""
        each = (room - len(rest) - len(_BETWEEN) * (shown - 1)) // shown
        codes = [_code(one) for one in parcels[:shown]]
        if shown == 1 or all(each - len(code) >= _SHORTEST for code in codes):
            gists = [_gist(one)[: each - len(code)] + code for one, code in zip(parcels, codes, strict=False)]
            return head + _BETWEEN.join(gists) + rest
    return head  # there is always one


def bundled_in(code: str | None) -> int | None:
    """The notice in which a notice with this code went."""
    return int(code.removeprefix(CODE)) if code and code.startswith(CODE) else None


def _code(parcel: Parcel) -> str:
    return _CODE[parcel.language].format(parcel.reply_code) if parcel.reply_code else ""


def _gist(parcel: Parcel) -> str:
    """What it says before the first stop: whose alarm, and what."""
    said = parcel.text.removeprefix(SIGNATURE[parcel.language])
    found = _GIST.search(said)
    return (found.group() if found else said).strip()
