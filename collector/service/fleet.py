"""All detectors of the ledger, watched: who they are, what is known of them, and by when they are due."""

from collections.abc import Iterable, Mapping, Sequence

from collector.rules.conditions import Limits
from collector.rules.fitness import gas_codes, to_verify
from collector.rules.judgement import Event, LedgerRead, Standing, Step, Struck, is_supervised
from collector.rules.missing import GapLimits, Missing
from collector.rules.saving import NOBODY, body_of, restore, strays, strike
from collector.rules.supervision import Supervisor
from collector.rules.tally import Tally, protection
from collector.rules.watch import Watch, apply
from collector.service.batch import Batch
from gascore.readings import Labels
from gascore.registry import Placed
from gascore.words import DetectorId


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
        self.to_verify = 0
        """Detectors whose target gas nobody knew when the ledger was read."""

    def read(
        self, ledger: Sequence[Placed], saved: Mapping[int, bytes], batch: Batch, now_ms: int
    ) -> list[Placed]:
        """Take in the ledger: new detectors are restored, known ones keep their state, others are struck.

        Returns:
            The detectors that are new or have changed.
        """
        heirs = self._follow_up(ledger, saved, batch, now_ms)
        # First who is gone: a new detector may have taken over the number.
        for name in self.watches.keys() - {placed.id for placed in ledger}:
            self._strike(name, batch, now_ms)
        changed = []
        for placed in ledger:
            known = self.watches.get(placed.id)
            if known is None:
                self._enter(placed, heirs.get(placed.id) or saved.get(placed.no), batch, now_ms)
                if placed.id in heirs:
                    batch.watches[placed.no] = self.watches[placed.id]
            elif known.placed != placed:
                self._move(known, placed, batch, now_ms)
            else:
                continue
            changed.append(placed)
        self.to_verify = sum(
            to_verify(watch.placed, watch.standing.declared) for watch in self.watches.values()
        )
        return changed

    def _follow_up(
        self, ledger: Sequence[Placed], saved: Mapping[int, bytes], batch: Batch, now_ms: int
    ) -> dict[str, bytes]:
        """Catch up with a ledger that changed while nobody was here; returns who has another number, as saved."""
        heirs: dict[str, bytes] = {}
        found = list(strays(ledger, saved))
        present = {placed.id for placed in ledger} if found else set()
        for no, one in found:
            batch.states[no] = NOBODY
            if one.id in present:
                heirs[one.id] = body_of(one)
            else:
                batch.add(strike(one, now_ms), None)
        return heirs

    def _enter(self, placed: Placed, body: bytes | None, batch: Batch, now_ms: int) -> None:
        watch = self.watches[placed.id] = restore(placed, body, now_ms)
        self.tally.add(protection(placed, watch.standing, now_ms))
        # Judged for the first time, the ledger's word has held since commissioning.
        if watch.standing.held or gas_codes(placed, watch.standing.declared)[1] is not None:
            since_ms = now_ms if body else min(placed.commissioned_ms or now_ms, now_ms)
            self.apply(watch, LedgerRead(since_ms, is_supervised(placed, now_ms)), batch, now_ms)
        self.supervisor.arm(watch, now_ms)

    def _move(self, watch: Watch, placed: Placed, batch: Batch, now_ms: int) -> None:
        if placed.no != watch.placed.no:
            _free(watch, batch)
            batch.watches[placed.no] = watch
        self.tally.remove(protection(watch.placed, watch.standing, now_ms))
        if placed.every_s != watch.placed.every_s:
            watch.every_s = placed.every_s
        watch.placed = placed
        self.tally.add(protection(placed, watch.standing, now_ms))
        self.apply(watch, LedgerRead(now_ms, is_supervised(placed, now_ms)), batch, now_ms)
        self.supervisor.arm(watch, now_ms)

    def _strike(self, name: str, batch: Batch, now_ms: int) -> None:
        watch = self.watches.pop(name)
        self.apply(watch, Struck(now_ms), batch, now_ms)
        _free(watch, batch)
        self.tally.remove(protection(watch.placed, watch.standing, now_ms))
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
            batch.watches[watch.placed.no] = watch
            self.tally.remove(protection(watch.placed, before, now_ms))
            self.tally.add(protection(watch.placed, done.standing, now_ms))
        if done.effects:
            batch.add(done.effects, cause_ms)
        self.supervisor.arm(watch, now_ms)

    def miss(self, batch: Batch, now_ms: int, limit: int) -> bool:
        """Judge up to `limit` detectors whose deadline may have passed; true: more are waiting."""
        missed, more = self.supervisor.expired(now_ms, limit)
        for watch, event in missed:
            self.apply(watch, event, batch, now_ms)
        return more

    def missed(self, watch: Watch, count: int) -> None:
        """`count` more messages of a detector are missing by its numbers (below 0: they came late)."""
        if watch.gaps < 0:
            watch.gaps = 0  # the first one that counts in this run, or an older one than the first
        elif count:
            self.gaps += count
            self.missing.gap(watch.placed.id, count, watch.every_s)

    def find(self, detector: DetectorId) -> Watch | None:
        """The watch of a detector, None when it is not in the ledger."""
        return self.watches.get(detector)


def _free(watch: Watch, batch: Batch) -> None:
    """The watch's number is nobody's from now on."""
    if batch.watches.get(watch.placed.no) is watch:
        del batch.watches[watch.placed.no]
    batch.states[watch.placed.no] = NOBODY


def labels(changed: Iterable[Placed]) -> dict[int, Labels]:
    """Who is behind the numbers, for the time series."""
    return {one.no: Labels(one.id, one.site, one.area, one.supply_gas.value) for one in changed}
