"""Which calls of providers were taken, so that none is done twice."""

from collections.abc import Sequence

from sqlalchemy import Engine, select

from gascore.journal import Event
from gaswatch.stores.engine import writing
from gaswatch.stores.journal import append_in
from gaswatch.stores.schema import callback
from gaswatch.stores.upsert import insert_new


class SqlCallbacks:
    """Implements `dashboard.ports.Callbacks`. Blocking; raises `StoreDownError`.

    Nothing is ever taken out: whoever kept a call for years could have it done again. A row has about 100 bytes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, digest: bytes, events: Sequence[Event], at_ms: int) -> int | None:
        """Journal what a call says, in the transaction that remembers it; else when it came first, ms."""
        with writing(self._engine) as connection:
            if insert_new(connection, callback, {"digest": digest, "first_ms": at_ms}, unless="digest"):
                append_in(connection, events, at_ms)
                return None
            first = select(callback.c.first_ms).where(callback.c.digest == digest)
            return int(connection.execute(first).scalar_one())
