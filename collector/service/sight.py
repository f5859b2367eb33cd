"""Whether we can see: links, journal and readings, booked as blindness with exact begin and end."""

from collections.abc import Callable, Iterable

import structlog

from collector.rules.blindness import Book, Spell, begin, end, save
from collector.rules.supervision import Supervisor
from collector.service.batch import OWN, Batch
from gascore.journal import BlindBegan, BlindEnded, BlindScope
from gascore.service_status import ServiceStatus

_log = structlog.get_logger()
WAITING = "waiting for the first connection"
SELF = "collector"
"""Name of the collector's own blindness."""


class Sight:
    """The book of blindness, and the links' last words."""

    def __init__(self, links: Iterable[str], batch: Callable[[], Batch], supervisor: Supervisor) -> None:
        self.links = dict.fromkeys(links, WAITING)
        self._batch = batch
        self._supervisor = supervisor
        self._book: Book = {}
        self._has_begun = False
        self.is_mute = False
        """The journal is down: what we see can't be written, so silence proves nothing either."""

    @property
    def is_blind(self) -> bool:
        """Nothing may be concluded from silence."""
        return self.is_mute or bool(self._book) or any(word != "up" for word in self.links.values())

    def resume(self, book: Book, last: ServiceStatus | None, now_ms: int) -> None:
        """Go on from what the run before left: its open spells, or the last instant at which it spoke."""
        self._book = book
        for scope, name in list(book):
            known = scope is BlindScope.LINK and name in self.links
            if scope is not BlindScope.COLLECTOR and not known:
                self.found(scope, name, now_ms)
        if last is not None and (BlindScope.COLLECTOR, SELF) not in self._book:
            since_ms = min(last.at_ms, now_ms)
            self.lost(Spell(BlindScope.COLLECTOR, SELF, since_ms, "ended without a word"))

    def link(self, name: str, word: str, since_ms: int) -> None:
        """A link is "up", or down and why; since when."""
        if self.links.get(name) == word:
            return
        self.links[name] = word
        if word == "up":
            self.found(BlindScope.LINK, name, since_ms)
        else:
            self.lost(Spell(BlindScope.LINK, name, since_ms, word))
        if not self._has_begun and WAITING not in self.links.values():
            self._has_begun = True  # from here on each link answers for itself
            self.found(BlindScope.COLLECTOR, SELF, since_ms)
            self._supervisor.restart(since_ms)

    def lost(self, spell: Spell) -> None:
        """Something of ours went down: journal it, unless it was down before."""
        self._book, events = begin(self._book, spell)
        if events:
            _log.warning("blind", scope=spell.scope, name=spell.name, reason=spell.reason)
            self._write(events)

    def found(self, scope: BlindScope, name: str, now_ms: int) -> None:
        """It works again: journal it, and let deadlines count from here."""
        self._book, events = end(self._book, scope, name, now_ms)
        if events:
            _log.info("seeing", scope=scope, name=name, blind_ms=now_ms - events[0].since_ms)
            self._write(events)
            self._supervisor.restart(now_ms)

    def _write(self, events: list[BlindBegan] | list[BlindEnded]) -> None:
        batch = self._batch()
        batch.add(events, None)
        batch.states[OWN] = save(self._book)
