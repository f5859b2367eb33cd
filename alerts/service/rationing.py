"""Keeps to the budgets of numbers when notices are taken out of the outbox; counts from the outbox's own rows."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from alerts.ports import Notices
from alerts.rules.budget import Advice, Caps, judge
from alerts.rules.delivery import GiveUp, Parcel, PutOff, Take, presses
from gascore.alarm import ChannelKind, NoticePurpose

_log = structlog.get_logger()
BUDGET: Final = "budget"
"""The code of a notice that waits or goes elsewhere for the budget's sake."""
OVER_BUDGET: Final = "over_budget"
"""The code of a leak's notice that is sent though the cap is reached."""


class Rationing:
    """For one transaction: what was taken in it counts, too."""

    def __init__(
        self,
        notices: Notices,
        caps: Mapping[ChannelKind, Caps],
        carries: Callable[[ChannelKind, str], bool],
        now_ms: int,
    ) -> None:
        """`carries`: whether there is a provider for this kind to this address."""
        self._notices = notices
        self._carries = carries
        self._caps = caps
        self._now_ms = now_ms
        self._sent: dict[tuple[str, str], list[int]] = {}

    def event_for(self, parcel: Parcel) -> Take | PutOff | GiveUp:
        """What happens to a due notice. Somebody is looking at the phone for an answer: it always goes."""
        channel = ChannelKind(parcel.notice.channel)
        caps = self._caps.get(channel)
        if not caps or parcel.notice.purpose is NoticePurpose.ANSWER or self._now_ms >= parcel.expires_ms:
            return Take()
        pressing = presses(parcel)
        verdict = judge(
            caps,
            self._of(channel, parcel.address, caps),
            self._now_ms,
            urgent=pressing,
            way_out=pressing and self._has_way_out(parcel),
            broad=self._broad(parcel, channel, caps),
        )
        match verdict.advice:
            case Advice.LATER:
                return PutOff(verdict.until_ms, BUDGET)
            case Advice.ELSEWHERE:
                return GiveUp(BUDGET)
            case Advice.OVER:
                _log.warning("over_budget", notice=parcel.notice.id, channel=channel.value)
                return Take(OVER_BUDGET)
            case Advice.GO:
                return Take()

    def took(self, parcel: Parcel) -> None:
        """Its request leaves."""
        key = parcel.notice.channel, parcel.address
        if key in self._sent:
            self._sent[key].append(self._now_ms)

    def _broad(self, parcel: Parcel, channel: ChannelKind, caps: Caps) -> list[int] | None:
        if parcel.notice.alarm is None or parcel.site is not None:
            return None
        return self._notices.begun(channel, parcel.address, self._now_ms - _longest_ms(caps), broad=True)

    def _has_way_out(self, parcel: Parcel) -> bool:
        return any(
            hop.person == parcel.notice.person
            and self._carries(hop.channel, hop.address)
            and self._is_free(hop.channel, hop.address)
            for hop in parcel.hops
        )

    def _is_free(self, channel: ChannelKind, address: str) -> bool:
        caps = self._caps.get(channel)
        if not caps:
            return True
        sent = self._of(channel, address, caps)
        return judge(caps, sent, self._now_ms, urgent=True, way_out=True).advice is Advice.GO

    def _of(self, channel: ChannelKind, address: str, caps: Caps) -> list[int]:
        key = channel.value, address
        if key not in self._sent:
            self._sent[key] = self._notices.begun(channel, address, self._now_ms - _longest_ms(caps))
        return self._sent[key]


def _longest_ms(caps: Caps) -> int:
    return max(cap.span_ms for cap in caps)
