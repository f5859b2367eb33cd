"""Serves the carrier on a port of this machine, inside a loop that runs already."""

import asyncio
import contextlib
import socket
from collections.abc import Generator, Mapping
from typing import Final

import uvicorn

from simulator.adapters.carrier_http import make_app
from simulator.service.carrier import Carrier

GRACE_S: Final = 2


class PortTakenError(Exception):
    """The phones' port can't be had; the message says what to do."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: the process that we are in has its own handlers."""
        yield


class CarrierServer:
    """The carrier's HTTP server.

    Args:
        carrier: the account that is served.
        people: who owns a phone, for the page.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        zone: the town's IANA time zone, for the page.
    """

    def __init__(
        self, carrier: Carrier, people: Mapping[str, str], host: str, port: int, *, zone: str
    ) -> None:
        self._carrier = carrier
        self._address = (host, port)
        config = uvicorn.Config(
            make_app(carrier, people, zone=zone),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = _Server(config)

    def bind(self) -> socket.socket:
        """Take the port, so that a taken one is known before anything runs.

        Raises:
            PortTakenError: we can't listen there.
        """
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(self._address)
            listener.listen()
        except OSError as error:
            listener.close()
            raise PortTakenError(
                f"GASWATCH_PHONES_PORT: can't listen on {host}:{port} ({error.strerror}); "
                "end the other program or set another port"
            ) from error
        return listener

    async def serve(self, listener: socket.socket | None = None) -> None:
        """Serve until cancelled, then answer what is begun.

        Raises:
            PortTakenError: we can't listen there.
        """
        serving = asyncio.create_task(self._server.serve(sockets=[listener or self.bind()]))
        try:
            await asyncio.shield(serving)
        finally:
            self._server.should_exit = True
            self._carrier.close()
            await serving
