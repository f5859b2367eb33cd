"""The services' own words in SQL: one row each, replaced every second."""

from typing import Final

import msgspec
from sqlalchemy import Engine, select

from gascore.service_status import ServiceStatus
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.schema import service_status
from gaswatch.stores.upsert import upsert

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(ServiceStatus).decode


class SqlStatusBoard:
    """Implements `gascore.service_status.StatusBoard`. Raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def say(self, status: ServiceStatus) -> None:
        """Replace this service's word. Blocking."""
        row = {"name": status.name, "at_ms": status.at_ms, "body": _encode(status)}
        with writing(self._engine) as connection:
            upsert(connection, service_status, [row])

    def read(self) -> dict[str, ServiceStatus]:
        """The newest word of every service, by name. Blocking."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(service_status.c.name, service_status.c.body)).all()
        return {name: _decode(body) for name, body in rows}
