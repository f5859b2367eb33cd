"""What one batch of the collector changed, in one transaction: journal, saved conditions, quarantine."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select

from collector.ports import Quarantined, Recording
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.journal import append_in
from gaswatch.stores.schema import detector_state, quarantine
from gaswatch.stores.upsert import upsert

QUARANTINE_ROWS: Final = 10_000
"""The newest messages that were not taken; older ones make room, so that a liar can't fill the disk."""
_ROWS_AT_ONCE: Final = 10_000
_SAVED: Final = select(detector_state.c.no, detector_state.c.body)


class SqlRecorder:
    """Implements `collector.ports.Recorder`."""

    def __init__(self, engine: Engine, *, quarantine_rows: int = QUARANTINE_ROWS) -> None:
        """Record into `engine`, keeping the newest `quarantine_rows` messages that were not taken."""
        self._engine = engine
        self._quarantine_rows = quarantine_rows

    def record(self, recording: Recording) -> None:
        """Durable when it returns; nothing to record costs nothing. Blocking.

        Raises:
            StoreDownError: nothing was stored; try again.
        """
        if not (recording.events or recording.states or recording.quarantined):
            return
        with writing(self._engine) as connection:
            self._keep(connection, recording.quarantined[-self._quarantine_rows :])
            states = sorted(recording.states.items())
            upsert(
                connection,
                detector_state,
                [{"no": no, "body": body, "changed_ms": recording.at_ms} for no, body in states],
            )
            if recording.events:
                append_in(connection, recording.events, recording.at_ms)

    def own(self) -> dict[int, bytes]:
        """What the collector keeps for itself, under 0 and less. Blocking. Raises `StoreDownError`."""
        with reading(self._engine) as connection:
            rows = connection.execute(_SAVED.where(detector_state.c.no <= 0)).all()
        return {no: body for no, body in rows}  # noqa: C416 -- rows are Row objects, not pairs, to the type checker

    def states(self) -> Iterator[tuple[int, bytes]]:
        """What is saved of detectors, by number, in portions. Blocking. Raises `StoreDownError`."""
        with reading(self._engine) as connection:
            query = _SAVED.where(detector_state.c.no > 0).order_by(detector_state.c.no)
            rows: Iterable[Any] = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
            yield from rows

    def _keep(self, connection: Connection, messages: Sequence[Quarantined]) -> None:
        if not messages:
            return
        connection.execute(insert(quarantine), [_row(one) for one in messages])
        newest = select(func.max(quarantine.c.id)).scalar_subquery()
        connection.execute(delete(quarantine).where(quarantine.c.id <= newest - self._quarantine_rows))


def _row(message: Quarantined) -> dict[str, object]:
    row = msgspec.structs.asdict(message)
    row["topic"], row["detail"] = _storable(message.topic), _storable(message.detail)
    return row


def _storable(text: str) -> str:
    """What strangers send can hold what a text column can't; that must not keep the whole batch from the store."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
