"""How many messages one number may get, and what follows when they run out. Pure.

Providers and carriers cap what a number gets per minute, hour and day, and a message over the cap is refused or
silently lost. A leak must not meet that cap because of texts about faults: so the last part of every budget is kept
for leaks, what is not urgent is spread as soon as the present rate would use up the rest, and a leak is told by the
person's next channel before the cap, not after it. It is never dropped: where every way is capped, it is sent.

Nothing is spread within a minute: what happens together is told together. And what concerns more than one place
(we can't see, many are out) is not spread: who is on duty has to know it now, and it may use half of what is
kept for leaks. Unless it comes and goes all the time: beyond a part of the budget it is like any other.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gascore.alarm import ChannelKind

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
RESERVE: Final = 0.2
"""This share of a budget is kept for leaks."""
LAST: Final = 0.1
"""With so little left, a leak goes by the next channel if the person has one; this much is for leaks alone."""
BROAD: Final = 0.3
"""Of this share what concerns more than one place goes at once. A town that loses its power, or our sight for a
night, needs far less; what flaps needs more, and is no news by then (our choice)."""
RECENT: Final = 0.25
"""The present rate is that of this share of the span."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` messages to a number within `span_ms`."""

    span_ms: int
    most: int


Caps = tuple[Cap, ...]
DEFAULTS: Final[Mapping[ChannelKind, Caps]] = {
    # Aliyun: 50 notices a day a number with one signature and template (domain.md 6); the finer ones are ours.
    ChannelKind.SMS: (Cap(MINUTE_MS, 10), Cap(HOUR_MS, 30), Cap(DAY_MS, 50)),
    # Aliyun's voice notifications (domain.md 6).
    ChannelKind.VOICE: (Cap(MINUTE_MS, 1), Cap(HOUR_MS, 5), Cap(DAY_MS, 20)),
}


class Advice(StrEnum):
    """What to do with a message that is due."""

    GO = "go"
    LATER = "later"
    """not urgent: at `until_ms`."""
    ELSEWHERE = "elsewhere"
    """urgent: by the next channel."""
    OVER = "over"
    """urgent, and the cap is reached: no other way is better."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and for `LATER` when to look again."""

    advice: Advice
    until_ms: int = 0


def judge(
    caps: Caps,
    sent: Sequence[int],
    now_ms: int,
    *,
    urgent: bool,
    way_out: bool = False,
    broad: Sequence[int] | None = None,
) -> Verdict:
    """Decide on one message to one number.

    Args:
        caps: of its channel.
        sent: when requests to the number left within the longest span, ms, ascending.
        now_ms: now.
        urgent: it is about a leak.
        way_out: the same person can be told by another channel that has budget left.
        broad: it concerns more than one place; when such ones left to the number, as in `sent`. None: it does not.
    """
    if urgent:
        left = [cap.most - len(_within(cap, sent, now_ms)) for cap in caps]
        low = any(one <= int(cap.most * LAST) for one, cap in zip(left, caps, strict=True))
        if low and way_out:
            return Verdict(Advice.ELSEWHERE)
        return Verdict(Advice.OVER if min(left, default=1) <= 0 else Advice.GO)
    until_ms = max(
        (_free_ms(cap, sent, now_ms, broad=_is_news(cap, broad, now_ms)) for cap in caps), default=now_ms
    )
    return Verdict(Advice.LATER, until_ms) if until_ms > now_ms else Verdict(Advice.GO)


def _is_news(cap: Cap, broad: Sequence[int] | None, now_ms: int) -> bool:
    return broad is not None and len(_within(cap, broad, now_ms)) < max(1, int(cap.most * BROAD))


def _within(cap: Cap, sent: Sequence[int], now_ms: int) -> Sequence[int]:
    return sent[bisect_left(sent, now_ms - cap.span_ms + 1) :]


def _free_ms(cap: Cap, sent: Sequence[int], now_ms: int, *, broad: bool) -> int:
    """When the next message that is not urgent may leave."""
    taken = _within(cap, sent, now_ms)
    free = max(1, cap.most - int(cap.most * (LAST if broad else RESERVE)))
    if len(taken) >= free:
        return taken[len(taken) - free] + cap.span_ms
    if broad or cap.span_ms <= MINUTE_MS:
        return now_ms
    recent = bisect_left(taken, now_ms - int(cap.span_ms * RECENT) + 1)
    rate = (len(taken) - recent) / (cap.span_ms * RECENT)
    if not taken or not rate:
        return now_ms
    relief_ms = taken[0] + cap.span_ms  # the first one falls out of the span
    if now_ms + (free - len(taken)) / rate >= relief_ms or 2 * len(taken) < free:
        return now_ms
    # At this rate it would be used up before: what is left is spread over the time until then.
    return max(now_ms, taken[-1] + int((relief_ms - now_ms) / (free - len(taken) + 1)))
