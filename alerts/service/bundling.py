"""Lets what is no leak wait for company, and makes one text of what waits for a number."""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from alerts.ports import Notices
from alerts.rules.bundle import CODE, bundle_text, may_bundle
from alerts.rules.delivery import Absorb, Parcel, PutOff
from alerts.rules.sending import step
from gascore.alarm import ChannelKind

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
        if not may_bundle(parcel):
            return None
        latest_ms = parcel.notice.created_ms + self._bundle_ms
        if self._now_ms >= latest_ms:
            return None
        recent = self._notices.begun(ChannelKind.SMS, parcel.address, self._now_ms - self._bundle_ms + 1)
        if not recent or recent[-1] > self._now_ms:
            return None
        return PutOff(min(recent[-1] + self._bundle_ms, latest_ms), WAITS)

    def bundle(self, parcel: Parcel) -> Bundled:
        """Take along what else waits for this number. The bundle's text has no template."""
        if not self._bundle_ms or not may_bundle(parcel):
            return Bundled(parcel)
        waiting = self._notices.waiting(parcel.notice.channel, parcel.address)
        mates = [one for one in waiting if one.notice.id != parcel.notice.id and self._goes(one)]
        if not mates:
            return Bundled(parcel)
        lead = replace(
            parcel,
            text=bundle_text([parcel, *mates]),
            template=None,
            params={},
            bundled=tuple(one.notice.id for one in mates),
        )
        absorbed = Absorb(f"{CODE}{parcel.notice.id}")
        return Bundled(lead, tuple((one, step(one, absorbed, self._now_ms).state) for one in mates))

    def _goes(self, one: Parcel) -> bool:
        return may_bundle(one) and self._now_ms < one.expires_ms
