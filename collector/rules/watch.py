"""What the collector keeps of one detector while it runs, and how a message is taken into it.

`hear` is the hot path: with nothing new to say it changes numbers in place and returns the shared QUIET.
Everything else goes through the machine of `collector.rules.judgement`.
"""

from typing import Final

import msgspec

from collector.rules import trend as trends
from collector.rules.conditions import Answer, Limits, Word, number_level
from collector.rules.episodes import Episode, is_known, with_one_more
from collector.rules.judgement import Event, Reported, at_worst, step
from collector.rules.page import NEW, Standing, Step
from collector.rules.sequence import ALL_SEEN, Order, Sequence, follow
from collector.rules.timing import Timing, place
from gascore.registry import Placed
from gascore.wire import Status, Valve
from gascore.words import Condition, Level, Protection, ReportedState

QUIET: Final = Step(NEW)
"""The message is new and changes nothing; the standing in it is not to be read."""
DUPLICATE: Final = Step(NEW)
"""The message was heard before; likewise."""


LEAKS: Final = 16
"""Messages of a leak that are remembered; a detector has fewer under way than that."""


class Watch(msgspec.Struct, gc=False):
    """One detector, changed in place (a million of them: no cycle can run through it, so no gc).

    Attributes:
        placed: the ledger's word.
        standing: what is known; replaced, never changed.
        every_s: seconds between its reports, as it last said or the ledger says.
        seq, seen: see `collector.rules.sequence`; `gaps` counts missing messages.
        newest_ms: the newest measured instant, 0: none.
        at_ms: measured instant of the message heard last.
        heard_ms: receipt of the newest sign of life in this run, 0: none.
        gone_ms: receipt of the last will in this run, 0: none.
        tick: the wheel's tick at which its deadline is looked at, 0: not in the wheel.
        trail: see `collector.rules.trend`; None while its number is low.
        leaks: (number, instant, level) of the newest messages that said a leak, so that they are known when sent again.
        told: leaks that are over (`collector.rules.episodes`).
        counted: the protection state as which the tally counts it; None: it does not.
    """

    placed: Placed
    standing: Standing
    every_s: float
    seq: int = 0
    seen: int = 0
    gaps: int = 0
    newest_ms: int = 0
    at_ms: int = 0
    heard_ms: int = 0
    gone_ms: int = 0
    tick: int = 0
    trail: trends.Trail | None = None
    leaks: tuple[tuple[int, int | None, Level], ...] = ()
    told: tuple[Episode, ...] = ()
    counted: Protection | None = None


def hear(watch: Watch, status: Status, received_ms: int, *, flagged: bool, limits: Limits) -> Step:
    """Take one live status message into `watch`.

    Args:
        watch: changed in place.
        status: as decoded.
        received_ms: our receipt.
        flagged: the broker marks it as a redelivery.
        limits: thresholds.

    Returns:
        QUIET, DUPLICATE, or the step that was applied.
    """
    standing, seq = watch.standing, status.seq
    if not standing.held and seq is not None and seq == watch.seq + 1 and watch.seen:
        ts = received_ms if status.ts is None else status.ts
        if (
            watch.newest_ms <= ts
            and -limits.clock_tolerance_ms <= received_ms - ts <= limits.clock_tolerance_ms
            and _is_quiet(watch, standing, status, limits)
        ):
            watch.seq = seq
            if watch.seen != ALL_SEEN:
                watch.seen = (watch.seen << 1 | 1) & ALL_SEEN
            watch.newest_ms = watch.at_ms = ts
            watch.heard_ms = received_ms
            return QUIET
    return _hear_slowly(watch, status, received_ms, flagged=flagged, limits=limits)


def _is_quiet(watch: Watch, standing: Standing, status: Status, limits: Limits) -> bool:
    """Nothing in the message could begin or end a condition of a detector without any.

    It may say no where `conditions.CHECKS` would find nothing, never yes where they would find something
    (a property test compares them).
    """
    return (
        status.state is ReportedState.NORMAL
        and (status.lel is None or status.lel < watch.placed.figures.quiet_lel)
        and status.co is None
        and not status.faults
        and (status.gas is None or status.gas == standing.declared)
        and (status.batt is None or status.batt >= limits.battery_low)
        and (status.life is None or status.life > 0)
        and status.valve is not Valve.FAULT
        and (status.every is None or status.every == watch.every_s)
        and standing.doubt is None
        and standing.reported
    )


def _hear_slowly(watch: Watch, status: Status, received_ms: int, *, flagged: bool, limits: Limits) -> Step:
    if _is_duplicate(watch, status, received_ms, flagged=flagged, limits=limits):
        return DUPLICATE
    if status.every is not None:
        watch.every_s = status.every
    standing = watch.standing
    timing = place(
        ts=status.ts,
        received_ms=received_ms,
        newest_ms=watch.newest_ms,
        patience_ms=silence_ms(watch.every_s, limits),
        known=Timing(0, trusted=Condition.UNTRUSTED_CLOCK not in standing.held, doubt=standing.doubt),
        limits=limits,
    )
    trail, trend = (watch.trail, Word.SILENT) if timing.stale else _trend(watch, status, timing, limits)
    said = _said(watch, status, received_ms)
    told = timing.stale and is_known(watch.told, timing.measured_ms, said)
    done = step(standing, watch.placed, Reported(status, received_ms, timing, trend, told), limits)
    watch.standing = done.standing
    if Condition.LEAK in done.standing.held:
        watch.trail = None
        if status.seq is not None and said:
            watch.leaks = (*watch.leaks, (status.seq, status.ts, said))[-LEAKS:]
    else:
        watch.trail = trail
        _remember_if_over(watch, standing)
    watch.at_ms = timing.measured_ms
    watch.newest_ms = max(watch.newest_ms, timing.measured_ms) if timing.trusted else timing.measured_ms
    watch.heard_ms = received_ms
    return done


def _remember_if_over(watch: Watch, before: Standing) -> None:
    """The leak that has ended now, if one has; by a clock that can't be trusted it could not be known again."""
    held = before.held.get(Condition.LEAK)
    if held is None or Condition.LEAK in watch.standing.held or Condition.UNTRUSTED_CLOCK in before.held:
        return
    of_it = [(ts, level) for _, ts, level in watch.leaks if ts is not None and ts >= held.since_ms]
    until_ms = max((ts for ts, _ in of_it), default=held.since_ms)
    worst = max([held.level, *(level for _, level in of_it)])
    watch.told = with_one_more(watch.told, (held.since_ms, until_ms, worst))


def _trend(
    watch: Watch, status: Status, timing: Timing, limits: Limits
) -> tuple[trends.Trail | None, Answer]:
    """Where the number goes; only a detector that measures the room can say, and only from message to message."""
    standing, placed, trail = watch.standing, watch.placed, watch.trail
    if status.state is not ReportedState.NORMAL:
        return None, Word.SILENT
    declared = standing.declared if status.gas is None else status.gas
    judged = at_worst(placed, status, declared, timing.measured_ms)
    if trail is not None and (
        # The quick way does not keep the trail: it has heard a low number since.
        trail.last_ms != watch.newest_ms
        or not 0 <= timing.measured_ms - trail.last_ms <= silence_ms(watch.every_s, limits)
    ):
        trail = None
    return trends.follow(
        trail, timing.measured_ms, judged.lel, placed.figures, held=Condition.TREND in standing.held
    )


def _is_duplicate(watch: Watch, status: Status, received_ms: int, *, flagged: bool, limits: Limits) -> bool:
    """Whether it was heard before; also counts gaps."""
    if status.seq is None:
        again = flagged and status.ts is not None and status.ts == watch.newest_ms
        return again and not _is_worse(watch, status, received_ms)
    in_time = status.ts is not None and abs(received_ms - status.ts) <= limits.clock_tolerance_ms
    if not in_time and status.ts is not None and not flagged and watch.seen and status.seq <= watch.seq:
        # A wrong clock or old data: a lower number says neither "restarted" nor "seen". Take it.
        return False
    order, now, missed = follow(
        Sequence(watch.seq, watch.seen),
        status.seq,
        ts=status.ts if in_time else None,
        newest_ts=watch.newest_ms or None,
        flagged=flagged,
    )
    if order is Order.DUPLICATE:
        # A number that was heard before hides no leak that was not: the counter stands still, or began anew with a
        # clock that was set back. But the very message of a leak that is over may be sent again: by the broker, or
        # by the detector when its broker died before it answered.
        message = (status.seq, status.ts, _said(watch, status, received_ms))
        again = (status.ts is not None or flagged) and message in watch.leaks
        return again or not _is_worse(watch, status, received_ms)
    watch.seq, watch.seen = now.seq, now.seen
    # Of the numbers before its first message in this run, nobody knows which were heard: not all are saved.
    if watch.at_ms or missed < 0:
        watch.gaps = max(max(watch.gaps, 0) + missed, 0)
    return False


def measured_ms(watch: Watch, status: Status, received_ms: int, limits: Limits) -> int:
    """The instant of a message that was heard before: the same as the first time, if its clock can be trusted."""
    ts = status.ts
    if ts is None or ts - received_ms > limits.clock_tolerance_ms:
        return received_ms
    return received_ms if Condition.UNTRUSTED_CLOCK in watch.standing.held else ts


def _is_worse(watch: Watch, status: Status, received_ms: int) -> bool:
    held = watch.standing.held.get(Condition.LEAK)
    return _said(watch, status, received_ms) > (held.level if held else Level.NONE)


def _said(watch: Watch, status: Status, received_ms: int) -> Level:
    """The level that a message says by itself, whatever holds."""
    by_state = {ReportedState.LOW: Level.LOW, ReportedState.HIGH: Level.HIGH}.get(status.state, Level.NONE)
    declared = watch.standing.declared if status.gas is None else status.gas
    judged = at_worst(watch.placed, status, declared, received_ms)
    return max(by_state, number_level(watch.placed, judged, Level.NONE))


def apply(watch: Watch, event: Event, limits: Limits) -> Step:
    """Take any other event than a status into `watch`."""
    before = watch.standing
    done = step(before, watch.placed, event, limits)
    watch.standing = done.standing
    _remember_if_over(watch, before)
    return done


def silence_ms(every_s: float, limits: Limits) -> int:
    """How long a detector that reports every `every_s` may be silent."""
    return max(int(limits.offline_factor * every_s * 1000), limits.offline_min_ms)
