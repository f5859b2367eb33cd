"""Seals the journal while a service runs: the chain of hashes grows by itself, and delays nobody.

It may run beside any service, and beside several: the journal's lock lets one seal at a time.
"""

import asyncio
from typing import Final, Protocol

import structlog

from gascore.clock import Clock
from gascore.journal import StoreDownError
from gaswatch.wiring import Service

_log = structlog.get_logger(__name__)
EVERY_MS: Final = 5_000
"""Half of the time that an entry may wait for its block (`journal_seal.BLOCK_AGE_MS`)."""


class Sealable(Protocol):
    """The part of `gaswatch.stores.journal.SqlJournal` that seals."""

    def seal(self, now_ms: int) -> int:
        """Seal what is due; returns the number of new blocks. Blocking. Raises `StoreDownError`."""
        ...


class Sealing:
    """A service with the sealing beside it; implements `gaswatch.wiring.Service`."""

    def __init__(self, service: Service, journal: Sealable, clock: Clock) -> None:
        self.service = service
        self._journal = journal
        self._clock = clock

    async def run(self) -> None:
        """Serve until `stop`. Raises what the service raises, and nothing else."""
        sealer = asyncio.create_task(self._seal_again_and_again(), name="sealer")
        try:
            await self.service.run()
        finally:
            sealer.cancel()
            await asyncio.wait({sealer})

    def stop(self) -> None:
        """Stop the service, and the sealing after it."""
        self.service.stop()

    async def _seal_again_and_again(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + EVERY_MS)
            try:
                # A backlog (a first start after long) is sealed in bounded steps, so that others can write.
                while await asyncio.to_thread(self._journal.seal, self._clock.now_ms()):
                    pass
            except StoreDownError as error:
                _log.warning("journal not sealed, trying again", reason=str(error))
            except Exception:  # noqa: BLE001 -- the service beside us goes on: an alarm is worth more than a block
                _log.exception("journal not sealed")
