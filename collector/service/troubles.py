"""The book of troubles at work: whoever finds one says so here; what changes goes into the journal."""

from collections.abc import Callable, Mapping

import structlog

from collector.rules.troubles import FINE, Book, Trouble, restore, save, say, settle
from collector.service.batch import TROUBLES, Batch
from gascore.journal import TroubleBegan, TroubleEnded

_log = structlog.get_logger()


class Troubles:
    """Each trouble becomes one system alarm; `changed` is called when something is to be journaled."""

    def __init__(self, batch: Callable[[], Batch], changed: Callable[[], None]) -> None:
        self._batch = batch
        self._changed = changed
        self._book: Book = FINE
        self._said: dict[str, set[str]] = {}

    @property
    def open(self) -> list[Trouble]:
        """What holds, or was over too lately to say so."""
        return list(self._book.values())

    def resume(self, body: bytes | None, now_ms: int) -> None:
        """Go on from what the run before saved: what nobody says again is over."""
        self._book = restore(body, now_ms)

    def say(self, name: str, detail: str | None, now_ms: int) -> None:
        """A trouble holds, and what the operator should know and do; None: it does not hold (any more)."""
        self._book, began = say(self._book, name, detail, now_ms)
        self._write(began)

    def hear(self, source: str, said: Mapping[str, str], now_ms: int) -> None:
        """All that one source has to say now: what it said before and does not say any more is over."""
        for name in self._said.get(source, set()) - said.keys():
            self.say(name, None, now_ms)
        for name, detail in said.items():
            self.say(name, detail, now_ms)
        self._said[source] = set(said)

    def settle(self, now_ms: int) -> None:
        """End what has been calm for long enough; to be called about once a second."""
        self._book, ended = settle(self._book, now_ms)
        self._write(ended)

    def _write(self, events: list[TroubleBegan] | list[TroubleEnded]) -> None:
        if not events:
            return
        for event in events:
            if isinstance(event, TroubleBegan):
                _log.warning("trouble", name=event.name, detail=event.detail)
            else:
                _log.info("trouble over", name=event.name)
        batch = self._batch()
        batch.add(events, None)
        batch.states[TROUBLES] = save(self._book)
        self._changed()
