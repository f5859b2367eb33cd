"""The collector's ports in memory: honest about durability, and able to fail when told to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event as ThreadEvent
from threading import Lock

from collector.ports import Arrival, Changed, Quarantined, Recording, SinkHealth, Token
from gascore.journal import Entry, Event, StoreDownError
from gascore.readings import Labels, Reading
from gascore.registry import Placed
from gascore.service_status import ServiceStatus


class FakeRegistry:
    """A ledger that a test writes."""

    def __init__(self, *placed: Placed) -> None:
        self.now = list(placed)
        self.asked: list[Changed | None] = []
        self._ready = ThreadEvent()
        self._ready.set()

    @property
    def reads(self) -> int:
        return len(self.asked)

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Whoever reads must wait until this is over."""
        self._ready.clear()
        try:
            yield
        finally:
            self._ready.set()

    def placed(self, changed: Changed | None = None) -> list[Placed]:
        self.asked.append(changed)
        assert self._ready.wait(30)
        by_number = sorted(self.now, key=lambda one: one.no)
        if changed is None:
            return by_number
        return [one for one in by_number if _concerns(one, changed)]


def _concerns(placed: Placed, changed: Changed) -> bool:
    mine = {"detector": placed.id, "room": placed.room, "site": placed.site}
    return any(mine.get(entity) is None or mine[entity] in keys for entity, keys in changed.items())


class FakeRecorder:
    """Journal, states and quarantine; `down` makes every call fail as a store would, `record_down` writing alone.

    Also a Journal.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.saved: dict[int, bytes] = {}
        self.quarantined: list[Quarantined] = []
        self.down: str | None = None
        self.record_down: str | None = None
        self.tries = 0
        self._lock = Lock()

    def record(self, recording: Recording) -> None:
        self.tries += 1
        self._fail()
        if self.record_down is not None:
            raise StoreDownError(self.record_down)
        self.append(list(recording.events), recording.at_ms)
        self.saved.update(recording.states)
        self.quarantined.extend(recording.quarantined)

    def own(self) -> dict[int, bytes]:
        return {no: body for no, body in self.saved.items() if no <= 0}

    def states(self) -> list[tuple[int, bytes]]:
        return sorted((no, body) for no, body in self.saved.items() if no > 0)

    def append(self, events: list[Event], at_ms: int) -> int:
        with self._lock:
            for event in events:
                self.entries.append(Entry(len(self.entries) + 1, at_ms, event))
            return len(self.entries)

    def after(self, cursor: int, limit: int) -> list[Entry]:
        self._fail()
        return self.entries[cursor : cursor + limit]

    def last_id(self) -> int:
        return len(self.entries)

    @property
    def events(self) -> list[Event]:
        return [entry.event for entry in self.entries]

    def _fail(self) -> None:
        if self.down is not None:
            raise StoreDownError(self.down)


class FakeReadings:
    """A time series that keeps each reading once."""

    def __init__(self) -> None:
        self.stored: set[tuple[int, int]] = set()
        self.labels: dict[int, Labels] = {}
        self.down: str | None = None
        self.label_down: str | None = None
        self.says = SinkHealth()
        self.tries = 0

    def write(self, readings: Sequence[Reading]) -> None:
        self.tries += 1
        if self.down is not None:
            raise StoreDownError(self.down)
        self.stored.update((one.no, one.at_ms) for one in readings)

    def label(self, labels: dict[int, Labels]) -> None:
        if self.label_down is not None:
            self.tries += 1
            raise StoreDownError(self.label_down)
        self.labels.update(labels)

    def health(self, now_ms: int) -> SinkHealth:
        del now_ms
        return self.says

    def seal(self, now_ms: int) -> int:
        del now_ms
        return 0


class FakeBoard:
    """Where services say how they are."""

    def __init__(self) -> None:
        self.words: dict[str, ServiceStatus] = {}

    def say(self, status: ServiceStatus) -> None:
        self.words[status.name] = status

    def read(self) -> dict[str, ServiceStatus]:
        return dict(self.words)


class FakeLink:
    """A broker's end in the test's hands: `deliver` what comes, see what was `acknowledged`."""

    def __init__(self, name: str = "broker:1883") -> None:
        self.name = name
        self.acknowledged: list[Token] = []
        self.is_stopped = False
        self.arrived: Callable[[Arrival], None] | None = None
        self.is_full: Callable[[], bool] = lambda: True
        self._changed: Callable[[str, str, int], None] | None = None
        self._tokens = 0
        self.told: dict[str, str] = {}

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        self.arrived, self.is_full, self._changed = arrived, is_full, changed

    @property
    def delivered(self) -> int:
        return self._tokens

    def says(self, word: str, since_ms: int) -> None:
        assert self._changed is not None
        self._changed(self.name, word, since_ms)

    def deliver(
        self,
        received_ms: int,
        topic: str,
        payload: bytes,
        *,
        retained: bool = False,
        duplicate: bool = False,
    ) -> int:
        assert self.arrived is not None
        self._tokens += 1
        self.arrived(Arrival(received_ms, topic, payload, retained, duplicate, self._tokens))
        return self._tokens

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        self.acknowledged.extend(tokens)

    async def stop(self) -> None:
        self.is_stopped = True
