"""Maintenance windows at work: what lies over which place, and which open alarms that concerns."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from heapq import heappop, heappush
from typing import Final

import structlog

from alerts.ports import Transaction
from alerts.rules import windows
from alerts.rules.occasions import Began, Covered
from alerts.rules.reminders import ends_soon
from alerts.rules.suppression import Subject, cover_of
from alerts.rules.windows import Ended, Phase, Remind, WindowFile
from alerts.rules.wording import Reader
from alerts.service.casework import Casework, Moment
from alerts.service.places import Places
from alerts.service.telling import Message, Recipient
from gascore.alarm import Alarm, Cover, NoticePurpose
from gascore.windows import Window, WindowBegan, WindowEnded
from gascore.words import AlarmId, DetectorId, Priority, RoomId, SiteId

_log = structlog.get_logger()
PORTION: Final = 50
"""Alarms that are looked at again per turn: a window over a town must not keep a leak waiting."""


class Windows:
    """What is remembered between turns, one for each desk; all of it is stored, too."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._files: dict[str, WindowFile] = {}
        self._queue: list[tuple[Priority, AlarmId]] = []
        """A heap: leaks first."""
        self._queued: set[AlarmId] = set()
        self._wake_ms: int | None = None
        self._is_loaded = False

    def forget(self) -> None:
        """A transaction failed: what is remembered may be more than what is stored."""
        self._is_loaded = False

    def changed(self, books: Transaction, window: str, set_ms: int, now_ms: int) -> None:
        """Somebody made, changed or ended a window at `set_ms`: read them again."""
        self._is_loaded = False
        self.begin(books, now_ms)
        if (file := self._files.get(window)) is None:
            return
        changed = windows.as_set(file, set_ms)
        if changed is not file:
            self._files[window] = changed
            books.windows.put(changed, is_over=False)

    def begin(self, books: Transaction, now_ms: int) -> None:
        """At the begin of each transaction."""
        if self._is_loaded:
            return
        self._files = {one.window.id: one for one in books.windows.live()}
        self._queue.clear()
        self._queued.clear()
        self._enqueue(books.cases.covered())
        for file in self._running(now_ms):
            self._enqueue(books.cases.open_at(file.window.place, file.window.at))
        self._wake_ms = now_ms
        self._is_loaded = True

    def cover_of(self, places: Places, began: Began, now_ms: int) -> Cover | None:
        """The window that lies over an alarm which is about to open."""
        subject = Subject(began.kind, began.priority, is_opening=True)
        return self._cover_of(places, subject, began.site, began.room, began.detector, now_ms)

    def cover_now(self, places: Places, alarm: Alarm, now_ms: int) -> Cover | None:
        """The window that lies over an open alarm now."""
        subject = Subject(alarm.kind, alarm.priority, alarm.cover.window if alarm.cover else None)
        return self._cover_of(places, subject, alarm.site, alarm.room, alarm.detector, now_ms)

    def settle(self, work: Casework) -> None:
        """Begin and end windows, and bring a portion of the alarms in step."""
        if self._wake_ms is not None and self._wake_ms <= work.now_ms:
            self._look(work)
        for _ in range(min(PORTION, len(self._queue))):
            _, alarm = heappop(self._queue)
            self._queued.discard(alarm)
            self._bring_in_step(work, alarm)

    @property
    def has_more(self) -> bool:
        """Whether alarms wait to be looked at again."""
        return bool(self._queue)

    def wake_at(self) -> int | None:
        """When `settle` is to be called even if nothing happens."""
        return self._wake_ms

    # --- within ------------------------------------------------------------------------------------

    def _enqueue(self, alarms: Iterable[tuple[Priority, AlarmId]]) -> None:
        for one in alarms:
            if one[1] not in self._queued:
                self._queued.add(one[1])
                heappush(self._queue, one)

    def _running(self, now_ms: int) -> Sequence[WindowFile]:
        """After a pause of ours one that is over may not have been looked at yet."""
        states = ((one, one.state) for one in self._files.values())
        return [one for one, at in states if at.phase is Phase.RUNNING and at.until_ms > now_ms]

    def _cover_of(
        self,
        places: Places,
        subject: Subject,
        site: SiteId | None,
        room: RoomId | None,
        detector: DetectorId | None,
        now_ms: int,
    ) -> Cover | None:
        running = self._running(now_ms)
        if not running:
            return None
        at = places.around(site, room, detector)
        here = [file for file in running if (file.window.place, file.window.at) in at]
        return cover_of(subject, [(file.window, _cover(file)) for file in here])

    def _look(self, work: Casework) -> None:
        wakes: list[int] = []
        for file in list(self._files.values()):
            done = windows.step(file, work.now_ms, self._zone)
            if done.wake_at is not None:
                wakes.append(done.wake_at)
            elif done.state.phase is Phase.RESTING:
                del self._files[file.window.id]
                work.books.windows.put(WindowFile(file.window, done.state), is_over=True)
            if done.state == file.state:
                continue
            _log.info("window", window=file.window.id, reason=done.reason.value)
            if done.wake_at is not None:
                self._files[file.window.id] = looked = WindowFile(file.window, done.state)
                work.books.windows.put(looked, is_over=False)
            for effect in done.effects:
                self._follow(work, file.window, effect)
            # What it covers may lie elsewhere by now: the ledger changes.
            self._enqueue(work.books.cases.covered(file.window.id))
            self._enqueue(work.books.cases.open_at(file.window.place, file.window.at))
        self._wake_ms = min(wakes, default=None)

    def _follow(self, work: Casework, window: Window, effect: windows.Effect) -> None:
        match effect:
            case windows.Began(since_ms, until_ms):
                began = WindowBegan(
                    window=window.id, place=window.place, at=window.at, since_ms=since_ms, until_ms=until_ms
                )
                work.events.append(began)
            case Ended(since_ms, ended_ms):
                ended = WindowEnded(
                    window=window.id, place=window.place, at=window.at, since_ms=since_ms, ended_ms=ended_ms
                )
                work.events.append(ended)
            case Remind(until_ms):
                self._remind(work, window, until_ms)

    def _remind(self, work: Casework, window: Window, until_ms: int) -> None:
        person = work.registry.person(window.person)
        if person is None:
            _log.warning("window_without_person", window=window.id, person=window.person)
            return
        text = ends_soon(window.reason, until_ms, Reader(person.language, self._zone))
        to = Recipient(person.phone, person.language, person.id, "")
        message = Message(to, NoticePurpose.REPEAT, text, f"window:{window.id}:{until_ms}")
        work.told += work.teller.put(None, message, work.now_ms)

    def _bring_in_step(self, work: Casework, alarm_id: AlarmId) -> None:
        file = work.books.cases.of_id(alarm_id)
        if file is None or file.alarm.closed_ms is not None:
            return
        cover = self.cover_now(work.places, file.alarm, work.now_ms)
        work.happen(file, Covered(cover), Moment(work.now_ms))


def _cover(file: WindowFile) -> Cover:
    window = file.window
    return Cover(window.id, window.by, file.state.until_ms, window.reason, window.gas_test)
