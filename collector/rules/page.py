"""What is known of a detector's conditions, and the page on which one event changes it.

What each event does is decided in `collector.rules.judgement`. A leak's highest number is kept while it lasts:
`Page.measure` takes it in, and every effect about the leak carries it.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from collector.rules.conditions import Answer, Finding, Held, Limits, Word
from collector.rules.timing import Doubt, Timing
from gascore.journal import ConditionChanged, ConditionCleared, ConditionRaised, FirstReport, Reason, Sample
from gascore.registry import Placed
from gascore.words import Condition

Effect: TypeAlias = ConditionRaised | ConditionChanged | ConditionCleared | FirstReport


class Standing(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of a detector. It is what gets saved, so a field needs a default and never changes its name.

    Attributes:
        reported: it has sent a status at least once, ever.
        held: its active conditions.
        declared: the target gas that it last named itself.
        doubt: see `collector.rules.timing`.
    """

    reported: bool = False
    held: dict[Condition, Held] = {}
    declared: str | None = None
    doubt: Doubt | None = None


class Step(msgspec.Struct, frozen=True):
    """What is known now, and what to write into the journal."""

    standing: Standing
    effects: tuple[Effect, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why each condition began, changed or ended, in order."""
        return tuple(effect.reason for effect in self.effects if not isinstance(effect, FirstReport))


NEW: Final = Standing()
"""A detector that has not reported."""


def share(standing: Standing) -> Standing:
    """The same standing, as the one object that all detectors without conditions have in common."""
    if standing.held or standing.doubt or not standing.reported:
        return standing
    return _QUIET.get(standing.declared, standing)


_GASES: Final = ("methane", "lpg", "coal_gas", "co", "methane+co", "lpg+co", "methane+lpg")
_QUIET: Final[Mapping[str | None, Standing]] = {
    gas: Standing(reported=True, declared=gas) for gas in (None, *_GASES)
}


class Page:
    """Collects what one event changes."""

    def __init__(self, standing: Standing, placed: Placed, sample: Sample | None = None) -> None:
        self.standing = standing
        self.placed = placed
        self.sample = sample
        self.held = standing.held
        self.effects: list[Effect] = []

    def settle(self, condition: Condition, answer: Answer, at_ms: int, *, late: bool = False) -> None:
        """Bring one condition in line with what was found: the table (held, found) -> effect."""
        held = self.held.get(condition)
        if isinstance(answer, Finding):
            if held is None:
                self._raise(condition, answer, at_ms, late=late)
            elif (held.level, held.codes) != (answer.level, answer.codes):
                self._change(condition, held, answer, late=late)
            else:
                self.stays(condition)
        elif answer is Word.GONE and held is not None:
            self.clear(condition, at_ms, Reason.MESSAGE)

    def settle_slowly(self, condition: Condition, answer: Answer, timing: Timing, now_ms: int) -> None:
        """The same, but it is over only when messages have shown so for the whole delay."""
        held = self.held.get(condition)
        if isinstance(answer, Finding) or held is None:
            self.settle(condition, answer, timing.measured_ms, late=timing.late)
        elif answer is not Word.GONE:
            self.stays(condition)  # it can't tell any more: what it showed before proves nothing
        elif (
            held.over_ms is None or held.over_ms > now_ms  # by a clock that has been set back since
        ) and self.placed.figures.clear_delay_s > 0:
            self._put(condition, msgspec.structs.replace(held, over_ms=now_ms))
        elif held.over_ms is None or now_ms >= over_at_ms(held.over_ms, self.placed):
            self.clear(condition, timing.measured_ms, Reason.MESSAGE)

    def stays(self, condition: Condition) -> None:
        """It goes on; whatever showed that it is over counts no more."""
        held = self.held.get(condition)
        if held is not None and held.over_ms is not None:
            self._put(condition, msgspec.structs.replace(held, over_ms=None))

    def _raise(self, condition: Condition, found: Finding, at_ms: int, *, late: bool) -> None:
        self._put(condition, self._told(condition, Held(at_ms, found.reason, found.level, found.codes)))
        self.effects.append(
            ConditionRaised(
                detector=self.placed.id,
                site=self.placed.site,
                condition=condition,
                since_ms=at_ms,
                reason=found.reason,
                level=found.level,
                codes=found.codes,
                sample=self.sample,
                late=late,
            )
        )

    def _change(self, condition: Condition, held: Held, found: Finding, *, late: bool) -> None:
        after = Held(held.since_ms, found.reason, found.level, found.codes, peak_lel=held.peak_lel)
        after = self._told(condition, after)
        self._put(condition, after)
        self.effects.append(
            ConditionChanged(
                detector=self.placed.id,
                site=self.placed.site,
                condition=condition,
                since_ms=held.since_ms,
                reason=found.reason,
                level=found.level,
                previous=held.level,
                codes=found.codes,
                sample=self.sample,
                late=late,
                peak_lel=after.peak_lel,
            )
        )

    def measure(self) -> None:
        """Take the message's number into the peak of the leak that holds, if it is higher."""
        held = self.held.get(Condition.LEAK)
        if held is None or self.sample is None or self.sample.lel is None:
            return
        if held.peak_lel is None or self.sample.lel > held.peak_lel:
            self._put(Condition.LEAK, msgspec.structs.replace(held, peak_lel=self.sample.lel))

    def tell_peak(self, limits: Limits) -> None:
        """Let the journal hear of a leak that has grown a good deal since it last heard of it."""
        held = self.held.get(Condition.LEAK)
        if held is None or held.peak_lel is None or held.over_ms is not None or self.sample is None:
            return
        is_more = held.told_lel is None or held.peak_lel >= held.told_lel + limits.peak_step_lel
        # By a clock that was set back it would be never.
        if is_more and abs(self.sample.received_ms - held.told_ms) >= limits.peak_every_ms:
            self._change(Condition.LEAK, held, Finding(held.reason, held.level, held.codes), late=False)

    def _told(self, condition: Condition, held: Held) -> Held:
        """The same, with the peak that the effect which goes with it tells."""
        if condition is not Condition.LEAK or self.sample is None:
            return held
        lels = [lel for lel in (held.peak_lel, self.sample.lel) if lel is not None]
        peak = max(lels, default=None)
        return msgspec.structs.replace(held, peak_lel=peak, told_lel=peak, told_ms=self.sample.received_ms)

    def clear(self, condition: Condition, at_ms: int, reason: Reason) -> None:
        """End a condition if it holds."""
        held = self.held.get(condition)
        if held is None:
            return
        self.held = {key: value for key, value in self.held.items() if key is not condition}
        self.effects.append(
            ConditionCleared(
                detector=self.placed.id,
                site=self.placed.site,
                condition=condition,
                since_ms=held.since_ms,
                ended_ms=max(at_ms, held.since_ms),
                reason=reason,
                sample=self.sample,
                peak_lel=held.peak_lel,
            )
        )

    def _put(self, condition: Condition, held: Held) -> None:
        self.held = {**self.held, condition: held}

    def done(self, **changes: Any) -> Step:  # noqa: ANN401 -- the fields of Standing
        """The step; the same standing when nothing changed."""
        after = msgspec.structs.replace(self.standing, held=self.held, **changes)
        return Step(self.standing if after == self.standing else share(after), tuple(self.effects))


def over_at_ms(over_ms: int, placed: Placed) -> int:
    """When a condition that has shown itself to be over since `over_ms` may end."""
    return over_ms + round(placed.figures.clear_delay_s * 1000)
