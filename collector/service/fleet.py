"""All detectors of the ledger, watched: who they are, what is known of them, and by when they are due."""

import gc
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from collector.rules.conditions import Limits
from collector.rules.fitness import gas_codes, to_verify
from collector.rules.judgement import Event, LedgerRead, Struck, is_supervised
from collector.rules.missing import GapLimits, Missing, Worst
from collector.rules.page import NEW, Standing, Step
from collector.rules.saving import NOBODY, Saved, read, restore, strike
from collector.rules.supervision import Supervisor
from collector.rules.tally import Tally, protection
from collector.rules.watch import Watch, apply
from collector.service.batch import Batch
from gascore.registry import Placed
from gascore.words import Condition, DetectorId

_NUMBERS: Final = 1 << 20
"""A detector's number is below (`gascore.registry.Detector`)."""
MASS: Final = 500
"""So many detectors that change at once leave objects behind that stay. No cycle runs through them, and walking
through a million of them would stop the loop for most of a second: the search for cycles leaves them out."""
_NO_MORE: Final = (_NUMBERS, NOBODY)


class Difference(NamedTuple):
    """What of the ledger the fleet does not know yet.

    Attributes:
        gone: detectors that are not in it any more.
        moved: those that have another number.
        others: new ones, and all other changes.
    """

    gone: list[str]
    moved: list[Placed]
    others: list[Placed]


class Fleet:
    """Watches by detector id; every change of a watch that matters goes through here into a batch."""

    def __init__(self, limits: Limits, now_ms: int, gaps: GapLimits | None = None) -> None:
        self.limits = limits
        self.watches: dict[str, Watch] = {}
        self.supervisor = Supervisor(limits, now_ms)
        self.tally = Tally()
        self.gaps = 0
        """Messages missing by sequence number, of all detectors, in this run."""
        self.missing = Missing(gaps or GapLimits(), now_ms)
        self.worst = Worst()
        self.to_verify = 0
        """Detectors whose target gas nobody knows."""

    def start(
        self, ledger: Iterable[Placed], saved: Iterable[tuple[int, bytes]], batch: Batch, now_ms: int
    ) -> None:
        """Take in the ledger and what was saved, both by number, for the first time.

        A ledger that changed while nobody was here is caught up with: whoever has another number by now keeps
        what was known of it, and whoever is gone is struck.
        """
        strays: list[tuple[int, Saved]] = []
        bodies = iter(saved)
        no, body = next(bodies, _NO_MORE)
        for placed in ledger:
            mine = None
            while no <= placed.no:
                one = read(body)
                if one is not None and no == placed.no and one.id == placed.id:
                    mine = one
                elif one is not None:
                    strays.append((no, one))
                no, body = next(bodies, _NO_MORE)
            self.watches[placed.id] = restore(placed, mine, now_ms)
        while no < _NUMBERS:
            if (one := read(body)) is not None:
                strays.append((no, one))
            no, body = next(bodies, _NO_MORE)
        self._rehouse(strays, batch, now_ms)
        for watch in self.watches.values():
            self._enter(watch, batch, now_ms)
        gc.freeze()

    def _rehouse(self, strays: Iterable[tuple[int, Saved]], batch: Batch, now_ms: int) -> None:
        """Give what was saved under a number that is another's now, or nobody's, to its owner."""
        for no, saved in strays:
            batch.states[no] = NOBODY
            watch = self.watches.get(saved.id)
            if watch is None:
                batch.add(strike(saved, now_ms), None)
            else:
                watch = restore(watch.placed, saved, now_ms)
                self.watches[saved.id] = batch.watches[watch.placed.no] = watch

    def _enter(self, watch: Watch, batch: Batch, now_ms: int) -> None:
        placed, standing = watch.placed, watch.standing
        self._count(watch, now_ms)
        self.to_verify += to_verify(placed, standing.declared)
        # Judged for the first time, the ledger's word has held since commissioning.
        if standing.held or gas_codes(placed, standing.declared)[1] is not None:
            since_ms = min(placed.commissioned_ms or now_ms, now_ms) if standing is NEW else now_ms
            self.apply(watch, LedgerRead(since_ms, is_supervised(placed, now_ms)), batch, now_ms)
        self.supervisor.arm(watch, now_ms)

    def compare(self, ledger: Iterable[Placed], asked: Collection[str] | None) -> Difference:
        """What is different in the ledger, without taking it in; may be called beside the loop.

        Args:
            ledger: all of it, or the detectors that a change may concern.
            asked: who must be in that part, else is gone from the ledger; None: everybody.
        """
        found = Difference([], [], [])
        seen = bytearray(_NUMBERS)
        for placed in ledger:
            known = self.watches.get(placed.id)
            if known is not None:
                seen[known.placed.no] = True
            if known is not None and known.placed.no != placed.no:
                found.moved.append(placed)
            elif known is None or known.placed != placed:
                found.others.append(placed)
        names = self.watches if asked is None else asked
        known_ones = ((name, self.watches.get(name)) for name in names)
        found.gone.extend(name for name, one in known_ones if one is not None and not seen[one.placed.no])
        return found

    def follow(self, found: Difference, batch: Batch, now_ms: int) -> None:
        """Take in what is different. Numbers that change hands come in one call, before those who take them over."""
        # First who is gone: a new detector may have taken over the number.
        for name in found.gone:
            self._strike(name, batch, now_ms)
        for placed in (*found.moved, *found.others):
            known = self.watches.get(placed.id)
            if known is None:
                watch = self.watches[placed.id] = restore(placed, None, now_ms)
                self._enter(watch, batch, now_ms)
            else:
                self._move(known, placed, batch, now_ms)

    def _move(self, watch: Watch, placed: Placed, batch: Batch, now_ms: int) -> None:
        if placed.no != watch.placed.no:
            _free(watch, batch)
            batch.watches[placed.no] = watch
        if placed.every_s != watch.placed.every_s:
            watch.every_s = placed.every_s
        declared = watch.standing.declared
        self.to_verify += to_verify(placed, declared) - to_verify(watch.placed, declared)
        watch.placed = placed
        self._count(watch, now_ms)
        self.apply(watch, LedgerRead(now_ms, is_supervised(placed, now_ms)), batch, now_ms)
        self.supervisor.arm(watch, now_ms)

    def _strike(self, name: str, batch: Batch, now_ms: int) -> None:
        watch = self.watches.pop(name)
        self.apply(watch, Struck(now_ms), batch, now_ms)
        _free(watch, batch)
        self.tally.move(watch.counted, None)
        watch.counted = None
        self.to_verify -= to_verify(watch.placed, watch.standing.declared)
        watch.tick = 0  # whatever entry the wheel still has of it is void

    def apply(
        self, watch: Watch, event: Event, batch: Batch, now_ms: int, *, cause_ms: int | None = None
    ) -> None:
        """Judge an event that is not a status; `cause_ms` is the receipt of the message behind it."""
        before = watch.standing
        self.changed(watch, before, apply(watch, event, self.limits), batch, now_ms, cause_ms)

    def changed(
        self, watch: Watch, before: Standing, done: Step, batch: Batch, now_ms: int, cause_ms: int | None
    ) -> None:
        """Book what a step did: journal, saved state, tally and deadline."""
        if done.standing is not before:
            placed = watch.placed
            batch.watches[placed.no] = watch
            self._count(watch, now_ms)
            if done.standing.declared != before.declared:
                self.to_verify += to_verify(placed, done.standing.declared) - to_verify(
                    placed, before.declared
                )
        elif Condition.LEAK in done.standing.held:
            # Its number must be known to the next run: sent again once the leak is over, it would be another one.
            batch.watches[watch.placed.no] = watch
        if done.effects:
            batch.add(done.effects, cause_ms)
        self.supervisor.arm(watch, now_ms)

    def _count(self, watch: Watch, now_ms: int) -> None:
        """Count it as what it is now, and no more as what it was counted as."""
        state = protection(watch.placed, watch.standing, now_ms)
        self.tally.move(watch.counted, state)
        watch.counted = state

    def miss(self, batch: Batch, now_ms: int, limit: int) -> bool:
        """Judge up to `limit` detectors whose deadline may have passed; true: more are waiting."""
        missed, more = self.supervisor.expired(now_ms, limit)
        for watch, event in missed:
            self.apply(watch, event, batch, now_ms)
        if len(missed) >= MASS:
            gc.freeze()
        return more

    def missed(self, watch: Watch, count: int) -> None:
        """`count` more messages of a detector are missing by its numbers (below 0: they came late)."""
        if watch.gaps < 0:
            watch.gaps = 0  # the first one that counts in this run, or an older one than the first
        elif count:
            self.gaps += count
            self.missing.gap(watch.placed.id, count, watch.every_s)
            self.worst.count(watch.placed.id, watch.gaps)

    def find(self, detector: DetectorId) -> Watch | None:
        """The watch of a detector, None when it is not in the ledger."""
        return self.watches.get(detector)


def _free(watch: Watch, batch: Batch) -> None:
    """The watch's number is nobody's from now on."""
    if batch.watches.get(watch.placed.no) is watch:
        del batch.watches[watch.placed.no]
    batch.states[watch.placed.no] = NOBODY
