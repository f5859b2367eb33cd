"""Who of the ledger's people can't be reached, or can't answer, by what is set up: for `gaswatch check`."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from alerts.rules.countries import MAINLAND, number_of
from alerts.service import Switchboard
from gascore.alarm import ChannelKind
from gascore.registry import Person

NAMED: Final = 10
"""So many people are named for one reason; the rest are counted."""
ANSWERABLE: Final = (ChannelKind.SMS, ChannelKind.VOICE)


class Said(NamedTuple):
    """One line; `is_bad`: somebody is not reached at all."""

    is_bad: bool
    detail: str


def people_said(people: Sequence[Person], switchboard: Switchboard) -> Iterator[Said]:
    """A line for each person, at most `NAMED` of a kind; nothing when all can be reached and can answer."""
    unreached, odd, mute = [], [], []
    for person in people:
        number = number_of(person.phone)
        if not _ways(person, switchboard):
            why = "is no telephone number" if number is None else "is reached by no channel that is set up"
            unreached.append(f"{_named(person)} {why}: correct it in the ledger, or set up a provider for it")
            continue
        if number is not None and not number.is_valid:
            odd.append(
                f"{_named(person)} is in no country's numbering plan that we know: see that it is right"
            )
        if not any(switchboard.can_answer(kind, person.phone) for kind in ANSWERABLE):
            mute.append(
                f"{_named(person)} can't take over by reply or key: {_why(number.country if number else None)}"
            )
    yield from (Said(True, line) for line in _some(unreached))
    yield from (Said(False, line) for line in _some(mute))
    yield from (Said(False, line) for line in _some(odd))


def _ways(person: Person, switchboard: Switchboard) -> bool:
    ways = (
        (ChannelKind.SMS, person.phone),
        (ChannelKind.VOICE, person.phone),
        (ChannelKind.EMAIL, person.email),
        (ChannelKind.IM, person.im),
        (ChannelKind.WEBHOOK, person.webhook),
    )
    return any(address and switchboard.for_(kind, address) for kind, address in ways)


def _why(country: int | None) -> str:
    if country == MAINLAND:
        return (
            "Twilio takes no replies from mainland China and doesn't call it; set up Aliyun or Tencent "
            "with GASWATCH_CALLBACK_TOKEN, or let them acknowledge on the console"
        )
    return "no channel that is set up takes answers there; set GASWATCH_TWILIO_VOICE_FROM, or let them use the console"


def _named(person: Person) -> str:
    return f"{person.name} (…{person.phone[-4:]})"


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:NAMED]
    if len(lines) > NAMED:
        yield f"and {len(lines) - NAMED} more like the last one"
