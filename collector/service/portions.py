"""Cuts a batch into transactions of bounded size, leaks first, and lets a later leak go ahead of what waits.

Detectors are independent: what one batch changed of one detector (its events and its saved state) stays
together and in order, and nothing else has to. So a power cut of a whole town does not keep a leak
waiting, nor the other services from writing, for longer than one portion takes.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec

from collector.ports import Recording
from collector.service.batch import Batch, Change
from gascore.journal import Event

MOST: Final = 1_000
"""Events, and saved states, in one transaction: 15 to 50 ms on two shared cores (docs/performance.md)."""


class Portion(msgspec.Struct, frozen=True):
    """One transaction, and the receipts of the messages that caused it."""

    recording: Recording
    causes_ms: tuple[int, ...]

    @property
    def detectors(self) -> set[str]:
        """Whose events it has."""
        return {one for event in self.recording.events if (one := getattr(event, "detector", None))}

    @property
    def touches(self) -> set[str | int]:
        """Whose events it has, and under which numbers it saves: among those that share one, the order counts."""
        return self.detectors | self.recording.states.keys()


def cut(batch: Batch, at_ms: int, *, leaks_apart: bool = False) -> list[Portion]:
    """What a batch changed, as of now, cut up; a leak, and what is of no watched detector, is in the first one.

    With `leaks_apart` nothing else is in the first one, however small the batch.
    """
    whole = batch.recording(at_ms)
    if whole is None:
        return []
    if not leaks_apart and len(whole.events) <= MOST and len(whole.states) <= MOST:
        return [_portion(whole, batch.changes)]
    numbers: dict[str, int] = {watch.placed.id: number for number, watch in batch.watches.items()}
    leaking = {change.detector for change in batch.changes if change.is_leak and change.detector}
    first: list[Change] = []
    others: dict[str, list[Change]] = {}
    for change in batch.changes:
        name = change.detector
        if name is None or name in leaking or name not in numbers:
            first.append(change)
        else:
            others.setdefault(name, []).append(change)
    states = dict(batch.states)
    for name in leaking & numbers.keys():
        states[numbers[name]] = whole.states[numbers[name]]
    found = []
    if first or states or whole.quarantined:
        found.append(_portion(Recording(at_ms, _events(first), states, whole.quarantined), first))
    silent: dict[str, list[Change]] = {name: [] for name in numbers.keys() - leaking - others.keys()}
    for names in _slices(others | silent):
        changes = [change for name in names for change in others.get(name, ())]
        saved = {numbers[name]: whole.states[numbers[name]] for name in names}
        found.append(_portion(Recording(at_ms, _events(changes), saved), changes))
    return found


class Lane:
    """Portions on their way into the journal, in order; batches come out in the order in which they came."""

    def __init__(self) -> None:
        self._portions: deque[tuple[Portion, Batch]] = deque()
        self._left: dict[Batch, int] = {}

    def add(self, batch: Batch, at_ms: int) -> None:
        """Cut up a batch; a leak in it goes ahead, behind nothing but what came before of the same detectors."""
        overtakes = batch.is_urgent and bool(self._portions)
        portions = [(portion, batch) for portion in cut(batch, at_ms, leaks_apart=overtakes)]
        self._left[batch] = len(portions)
        if overtakes:
            self._overtake(*portions.pop(0))
        self._portions.extend(portions)

    def _overtake(self, leak: Portion, batch: Batch) -> None:
        """Put a portion ahead of all that it shares nothing with, nor with anything that it has to stay behind."""
        touched = leak.touches
        before: deque[tuple[Portion, Batch]] = deque()
        after: deque[tuple[Portion, Batch]] = deque()
        for one in reversed(self._portions):
            its = one[0].touches
            if touched.isdisjoint(its):
                after.appendleft(one)
            else:
                touched |= its
                before.appendleft(one)
        self._portions = deque([*before, (leak, batch), *after])

    def next(self) -> Portion | None:
        """The portion to store now; the same one until it is `stored`."""
        return self._portions[0][0] if self._portions else None

    def stored(self) -> None:
        """The portion that is next is durable."""
        _, batch = self._portions.popleft()
        self._left[batch] -= 1

    def finished(self) -> list[Batch]:
        """Take out the batches that are durable, and all before them."""
        done = []
        for batch, left in list(self._left.items()):
            if left:
                break
            del self._left[batch]
            done.append(batch)
        return done


def _portion(recording: Recording, changes: list[Change]) -> Portion:
    return Portion(recording, tuple(one.cause_ms for one in changes if one.cause_ms is not None))


def _events(changes: list[Change]) -> tuple[Event, ...]:
    return tuple(event for change in changes for event in change.events)


def _slices(changes: dict[str, list[Change]]) -> Iterator[list[str]]:
    """Names of detectors, with about `MOST` events together."""
    names: list[str] = []
    weight = 0
    for name, its in changes.items():
        names.append(name)
        weight += max(sum(len(one.events) for one in its), 1)
        if weight >= MOST:
            yield names
            names, weight = [], 0
    if names:
        yield names
