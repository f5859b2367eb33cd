"""What the brokers count of themselves: a rise of what they dropped is a trouble, one for each link."""

from collections.abc import Callable, Sequence
from typing import Final

from collector.ports import DROPPED, HELD, Link
from collector.rules.drops import Drops, read, restore, save, words
from collector.service.batch import DROPS, Batch
from collector.service.troubles import Troubles

SILENT: Final = "not told by this broker"
"""NATS and most clouds have no such counter; then only the sequence gaps are left to watch."""


DIGITS: Final = 15
"""More than any counter has; what is longer would not even fit the saved book."""


class Brokers:
    """The counters of all links; the last values are saved, so that a loss in our absence is a rise, too.

    `changed` is called when something is to be saved.
    """

    def __init__(
        self,
        links: Sequence[Link],
        troubles: Troubles,
        *,
        batch: Callable[[], Batch],
        changed: Callable[[], None],
    ) -> None:
        self._links = links
        self._troubles = troubles
        self._batch = batch
        self._changed = changed
        self._book: dict[str, Drops] = {}

    def resume(self, body: bytes | None) -> None:
        """Go on from what the run before saved of the links that are still ours."""
        names = {link.name for link in self._links}
        self._book = {name: drops for name, drops in restore(body).items() if name in names}

    def look(self, now_ms: int) -> None:
        """Read the counters; to be called about once a second."""
        book = dict(self._book)
        for link in self._links:
            known, value = book.get(link.name), _number(link.told.get(DROPPED))
            if value is None and known is not None:
                value = known.value  # it says nothing now; what it said grows older
            if value is not None:
                book[link.name] = read(known, value, now_ms)
        if book != self._book:
            self._book = book
            self._batch().states[DROPS] = save(book)
            self._changed()
        for link in self._links:
            self._troubles.say(f"broker_drops {link.name}", words(book.get(link.name)), now_ms)

    @property
    def notes(self) -> dict[str, str]:
        """The counters as they are, by link."""
        found = {}
        for link in self._links:
            found[f"broker_dropped {link.name}"] = link.told.get(DROPPED, SILENT)
            if HELD in link.told:
                found[f"broker_holds {link.name}"] = link.told[HELD]
        return found


def _number(text: str | None) -> int | None:
    """A counter; None for what no counter can be."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if text is not None and is_number else None
