"""The ledger: read whole at the start, afterwards only what its changes concern."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import structlog

from collector.rules.supervision import TICK_MS
from collector.service.batch import WAITING
from collector.service.fleet import Difference, Fleet
from collector.service.intake import Intake
from collector.service.parts import Parts
from collector.service.pipeline import Pipeline
from gascore.journal import Event, LedgerChanged, StoreDownError
from gascore.readings import Labels
from gascore.registry import Placed

_log = structlog.get_logger()
TAIL: Final = 1_000
AT_ONCE: Final = 1_000
"""Changed detectors taken in before the loop serves the others again: some 10 ms."""
LABELS_AT_ONCE: Final = 50_000
WHOLE_FROM: Final = 20_000
"""From so many changed records of one kind on, the whole ledger is read."""
PEOPLE: Final = frozenset({"person", "duty", "supplier", "policy", "roster"})
"""Records of the ledger that the collector does not look at."""


class LedgerFollower:
    """Keeps the fleet as the ledger says, and tells the time series who is behind the numbers."""

    def __init__(self, fleet: Fleet, intake: Intake, pipeline: Pipeline, parts: Parts) -> None:
        self._fleet = fleet
        self._intake = intake
        self._pipeline = pipeline
        self._parts = parts
        self._clock = parts.clock
        self._cursor = 0
        self._unlabelled: set[str] = set()

    def load(self) -> None:
        """Take in the whole ledger and what was saved. Blocking, beside the loop; nobody else uses the fleet yet.

        Raises:
            StoreDownError: the fleet is incomplete; begin again with a new one.
        """
        parts, began_ms = self._parts, self._clock.now_ms()
        self._cursor = parts.journal.last_id()
        self._fleet.start(parts.registry.placed(), parts.recorder.states(), self._intake.batch, began_ms)
        placed_ms = self._clock.now_ms()
        self._first_labels()
        _log.info(
            "ledger taken in",
            detectors=len(self._fleet.watches),
            watches_ms=placed_ms - began_ms,
            labels_ms=self._clock.now_ms() - placed_ms,
        )

    def _first_labels(self) -> None:
        """Before the first reading if the time series is there; a leak doesn't wait for it if it is not."""
        everybody = (watch.placed for watch in self._fleet.watches.values())
        try:
            while named := labels(islice(everybody, LABELS_AT_ONCE)):
                self._parts.readings.label(named)
        except StoreDownError as error:
            _log.error("labels not stored", reason=str(error))
            self._unlabelled = {watch.placed.id for watch in self._fleet.watches.values()}

    async def follow(self) -> None:
        """Take in what has changed since the last time."""
        cursor, changed = self._cursor, dict[str, set[str]]()
        try:
            while entries := await asyncio.to_thread(self._parts.journal.after, cursor, TAIL):
                cursor = entries[-1].id
                for entry in entries:
                    _note(changed, entry.event)
            if changed:
                await self._read(changed)
            self._cursor = cursor  # before the labels: without them the ledger need not be read again
            while self._unlabelled:
                await self._label()
        except StoreDownError:
            return  # the pipeline says so, and books it; what was not done is done in a second, nothing is missed

    async def _read(self, changed: dict[str, set[str]]) -> None:
        found = await asyncio.to_thread(self._compare, changed)
        for part in _portions(found):
            now_ms = self._clock.now_ms()
            self._fleet.follow(part, self._intake.batch, now_ms)
            for one in (*part.moved, *part.others):
                self._intake.meet(one.id, now_ms)
                self._unlabelled.add(one.id)
            self._pipeline.woken()
            await self._clock.sleep_until(now_ms)
            while len(self._intake.batch.changes) >= WAITING:  # a leak must not wait behind all of it
                await self._clock.sleep_until(self._clock.now_ms() + TICK_MS)
        changes = len(found.moved) + len(found.others)
        _log.info("ledger read", detectors=len(self._fleet.watches), changed=changes, gone=len(found.gone))

    def _compare(self, changed: dict[str, set[str]]) -> Difference:
        """Beside the loop: only `_read` changes who is in the fleet, and it is waiting for this."""
        registry = self._parts.registry
        if any(len(keys) >= WHOLE_FROM for keys in changed.values()):
            return self._fleet.compare(registry.placed(), None)
        return self._fleet.compare(registry.placed(changed), changed.get("detector", ()))

    async def _label(self) -> None:
        """Tell the time series of some who are new; kept until it has taken them."""
        watches, some = self._fleet.watches, list(islice(self._unlabelled, LABELS_AT_ONCE))
        known = [watches[one].placed for one in some if one in watches]
        await self._pipeline.in_readings(lambda: self._parts.readings.label(labels(known)))
        self._unlabelled.difference_update(some)


def _note(changed: dict[str, set[str]], event: Event) -> None:
    if isinstance(event, LedgerChanged) and event.entity not in PEOPLE:
        changed.setdefault(event.entity, set()).add(event.key)


def _portions(found: Difference) -> Iterator[Difference]:
    """The same in parts that are small, but for the first: numbers that change hands must not be torn apart."""
    yield Difference(found.gone, found.moved, found.others[:AT_ONCE])
    for start in range(AT_ONCE, len(found.others), AT_ONCE):
        yield Difference([], [], found.others[start : start + AT_ONCE])


def labels(changed: Iterable[Placed]) -> dict[int, Labels]:
    """Who is behind the numbers, for the time series."""
    return {one.no: Labels(one.id, one.site, one.area, one.supply_gas.value) for one in changed}
