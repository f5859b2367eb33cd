"""Lets what is no leak wait for company, and makes one text of what waits for a number."""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from alerts.ports import Notices
from alerts.rules.bundle import CODE, bundle_text, bundled_in, goes_along, may_bundle, may_wait
from alerts.rules.delivery import Absorb, Parcel, Parted, PutOff
from alerts.rules.sending import step
from alerts.rules.sending_words import Part
from gascore.alarm import ChannelKind, Notice
from gascore.journal import Event, NoticeStepped
from gascore.words import NoticeId

WAITS: Final = "bundle"
"""The code of a notice that waits for company."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """What leaves, and what went with it and is over for itself."""

    lead: Parcel
    others: tuple[tuple[Parcel, Parcel], ...] = ()


class Bundling:
    """For one transaction."""

    def __init__(self, notices: Notices, bundle_ms: int, now_ms: int) -> None:
        """`bundle_ms`: so long a text waits for company; 0: not at all."""
        self._notices = notices
        self._bundle_ms = bundle_ms
        self._now_ms = now_ms

    def company(self, parcel: Parcel) -> PutOff | None:
        """Wait for company, if the number had a text just now; never longer than that would take a new one."""
        if not may_wait(parcel):
            return None
        latest_ms = parcel.notice.created_ms + self._bundle_ms
        if self._now_ms >= latest_ms:
            return None
        recent = self._notices.begun(ChannelKind.SMS, parcel.address, self._now_ms - self._bundle_ms + 1)
        if not recent or recent[-1] > self._now_ms:
            return None
        return PutOff(min(recent[-1] + self._bundle_ms, latest_ms), WAITS)

    def bundle(self, parcel: Parcel) -> Bundled:
        """Take along what else waits for this number. Each keeps its own text, should the bundle not leave."""
        if not self._bundle_ms or not may_bundle(parcel):
            return Bundled(parcel)
        waiting = self._notices.waiting(parcel.notice.channel, parcel.address)
        mates = [one for one in waiting if goes_along(one, parcel, self._now_ms)]
        if not mates:
            return Bundled(parcel)
        lead = replace(
            parcel,
            together=bundle_text([parcel, *mates]),
            bundled=tuple(one.notice.id for one in mates),
        )
        absorbed = Absorb(f"{CODE}{parcel.notice.id}")
        return Bundled(lead, tuple((one, step(one, absorbed, self._now_ms).state) for one in mates))


def part(notices: Notices, lead: Parcel, parted: Part, now_ms: int) -> list[Event]:
    """The bundle did not leave: what it took along and is still wanted waits by itself again."""
    events: list[Event] = []
    for found in filter(None, map(notices.of_id, parted.mates)):
        alone = step(found, Parted(lead.notice.id, parted.due_ms), now_ms).state
        if alone is not found:
            notices.put(alone)
            events.append(NoticeStepped(notice=alone.notice, site=alone.site))
    return events


def carrying(notices: Notices, notice: Notice) -> Notice:
    """The notice whose receipt counts for this one: of one that went in a bundle, the bundle's."""
    lead = bundled_in(notice.code)
    parcel = notices.of_id(NoticeId(lead)) if lead else None
    return parcel.notice if parcel else notice
