"""The conditions of one detector as a machine: `step(standing, placed, event, limits) -> Step`.

Which event does what is the table ON, at the end; what a message says is `conditions.CHECKS`. An event that
changes nothing returns NOTHING with the same standing. Effects are the journal's events, and each carries
its reason. Late data never sets a state back, but a late leak is still raised.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from collector.rules.conditions import CHECKS, Answer, Finding, Limits, Word, leak, wrong_gas
from collector.rules.fitness import corrected_reading
from collector.rules.page import Page, Standing, Step, over_at_ms
from collector.rules.timing import Timing
from gascore.journal import FirstReport, Reason, Sample
from gascore.registry import Placed
from gascore.wire import Status
from gascore.words import Condition


class Reported(msgspec.Struct, frozen=True):
    """A status came, live and no duplicate. `told`: the journal knows of a leak then (`collector.rules.episodes`)."""

    status: Status
    received_ms: int
    timing: Timing
    trend: Answer = Word.SILENT
    """What `collector.rules.trend` makes of it."""
    told: bool = False


class CameOnline(msgspec.Struct, frozen=True):
    """A sign of life without a status: `online` `1`, or an answer to a command."""

    received_ms: int


class LastWill(msgspec.Struct, frozen=True):
    """The broker says that the detector's connection broke."""

    received_ms: int


class FellSilent(msgspec.Struct, frozen=True):
    """The deadline has passed; it was due at `since_ms`."""

    since_ms: int


class StayedQuiet(msgspec.Struct, frozen=True):
    """It has shown no gas for the whole delay, and goes on reporting."""

    at_ms: int


class NeverReported(msgspec.Struct, frozen=True):
    """It was commissioned at `since_ms` and has never sent a status."""

    since_ms: int


class LedgerRead(msgspec.Struct, frozen=True):
    """The ledger's word is (again) known; what it says holds since `since_ms`."""

    since_ms: int
    required: bool
    """It is to be supervised: commissioned or going to be, and not retired."""


class Struck(msgspec.Struct, frozen=True):
    """It is no longer in the ledger."""

    at_ms: int


Event: TypeAlias = (
    Reported | CameOnline | LastWill | FellSilent | StayedQuiet | NeverReported | LedgerRead | Struck
)


def is_supervised(placed: Placed, now_ms: int) -> bool:
    """Whether it is, or is going to be, required to report: commissioned and not retired."""
    return placed.commissioned_ms is not None and (placed.retired_ms is None or placed.retired_ms > now_ms)


def step(standing: Standing, placed: Placed, event: Event, limits: Limits) -> Step:
    """Apply one event; nothing is raised, and nothing changes in the arguments."""
    return ON[type(event)](standing, placed, event, limits)


SLOW: Final = frozenset({Condition.LEAK, Condition.TREND})
"""The conditions that end with a delay."""


def _reported(standing: Standing, placed: Placed, event: Reported, limits: Limits) -> Step:
    status, timing = event.status, event.timing
    declared = standing.declared if status.gas is None or timing.stale else status.gas
    required = is_supervised(placed, event.received_ms)
    may_be = corrected_reading(placed, declared, status.lel) if required else None
    sample = Sample(
        event.received_ms,
        status.state,
        status.ts,
        status.seq,
        status.lel,
        status.co,
        None if may_be is None else may_be.most,
    )
    page = Page(standing, placed, sample)
    if not standing.reported:
        page.effects.append(FirstReport(detector=placed.id, site=placed.site, received_ms=event.received_ms))
    for condition in (Condition.OFFLINE, Condition.NEVER_REPORTED):
        page.clear(condition, event.received_ms, Reason.MESSAGE)
    _clock(page, event)
    judged = at_worst(placed, status, declared, event.received_ms)
    if Condition.LEAK in page.held and timing.measured_ms >= page.held[Condition.LEAK].since_ms:
        page.measure()
    if timing.stale:
        _late_leak(page, event, judged, limits)
        return page.done(reported=True, doubt=timing.doubt)
    for condition, check in CHECKS.items():
        found = check(placed, judged, page.held.get(condition), limits)
        if condition in SLOW:
            page.settle_slowly(condition, found, timing, event.received_ms)
        else:
            page.settle(condition, found, timing.measured_ms, late=timing.late)
    page.tell_peak(limits)
    _trend(page, event)
    page.settle(
        Condition.WRONG_GAS, wrong_gas(placed, declared) if required else Word.GONE, timing.measured_ms
    )
    return page.done(reported=True, declared=declared, doubt=timing.doubt)


def at_worst(placed: Placed, status: Status, declared: str | None, now_ms: int) -> Status:
    """The message with the number that it may mean, where that is the worse: a detector in another gas than its own."""
    if not is_supervised(placed, now_ms):
        return status
    found = corrected_reading(placed, declared, status.lel)
    if found is None or status.lel is None or found.most <= status.lel:
        return status
    return msgspec.structs.replace(status, lel=found.most)


def _trend(page: Page, event: Reported) -> None:
    if Condition.LEAK in page.held:
        page.clear(Condition.TREND, event.timing.measured_ms, Reason.OVERTAKEN)
    else:
        page.settle_slowly(Condition.TREND, event.trend, event.timing, event.received_ms)


def _clock(page: Page, event: Reported) -> None:
    answer = Word.GONE if event.timing.trusted else Finding(Reason.MESSAGE)
    page.settle(Condition.UNTRUSTED_CLOCK, answer, event.received_ms)


def _late_leak(page: Page, event: Reported, judged: Status, limits: Limits) -> None:
    held = page.held.get(Condition.LEAK)
    found = leak(page.placed, judged, held, limits)
    if isinstance(found, Finding) and found.level > (held.level if held else 0) and not event.told:
        page.settle(Condition.LEAK, found, event.timing.measured_ms, late=True)


def _came_online(standing: Standing, placed: Placed, event: CameOnline, limits: Limits) -> Step:
    del limits
    page = Page(standing, placed)
    page.clear(Condition.OFFLINE, event.received_ms, Reason.MESSAGE)
    return page.done()


def _offline(standing: Standing, placed: Placed, since_ms: int, reason: Reason) -> Step:
    page = Page(standing, placed)
    # Before its first report it is "never reported" instead; out of service it may go when it likes.
    if standing.reported and is_supervised(placed, since_ms):
        page.settle(Condition.OFFLINE, Finding(reason), since_ms)
        for condition in SLOW:
            page.stays(condition)
    return page.done()


def _last_will(standing: Standing, placed: Placed, event: LastWill, limits: Limits) -> Step:
    del limits
    return _offline(standing, placed, event.received_ms, Reason.LAST_WILL)


def _stayed_quiet(standing: Standing, placed: Placed, event: StayedQuiet, limits: Limits) -> Step:
    del limits
    page = Page(standing, placed)
    for condition in sorted(SLOW):
        held = page.held.get(condition)
        if held and held.over_ms is not None and event.at_ms >= over_at_ms(held.over_ms, placed):
            page.clear(condition, event.at_ms, Reason.MESSAGE)
    return page.done()


def _fell_silent(standing: Standing, placed: Placed, event: FellSilent, limits: Limits) -> Step:
    del limits
    return _offline(standing, placed, event.since_ms, Reason.SILENCE)


def _never_reported(standing: Standing, placed: Placed, event: NeverReported, limits: Limits) -> Step:
    del limits
    page = Page(standing, placed)
    if not standing.reported:
        page.settle(Condition.NEVER_REPORTED, Finding(Reason.NO_FIRST_REPORT), event.since_ms)
    return page.done()


def _ledger_read(standing: Standing, placed: Placed, event: LedgerRead, limits: Limits) -> Step:
    del limits
    page = Page(standing, placed)
    if not event.required:
        _end(page, (Condition.OFFLINE, Condition.NEVER_REPORTED, Condition.WRONG_GAS), event.since_ms)
        return page.done()
    found = wrong_gas(placed, standing.declared)
    if found is Word.GONE:
        _end(page, (Condition.WRONG_GAS,), event.since_ms)
    else:
        page.settle(Condition.WRONG_GAS, found, event.since_ms)
    return page.done()


def _struck(standing: Standing, placed: Placed, event: Struck, limits: Limits) -> Step:
    del limits
    page = Page(standing, placed)
    _end(page, tuple(standing.held), event.at_ms)
    return page.done()


def _end(page: Page, conditions: Iterable[Condition], at_ms: int) -> None:
    for condition in conditions:
        page.clear(condition, at_ms, Reason.LEDGER)


_Handler: TypeAlias = Callable[[Standing, Placed, Any, Limits], Step]
ON: Final[Mapping[type[Event], _Handler]] = {
    Reported: _reported,
    CameOnline: _came_online,
    LastWill: _last_will,
    FellSilent: _fell_silent,
    StayedQuiet: _stayed_quiet,
    NeverReported: _never_reported,
    LedgerRead: _ledger_read,
    Struck: _struck,
}
"""What each event does."""
