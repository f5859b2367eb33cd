"""Runs the application in uvicorn, inside a loop that somebody else owns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

END_S: Final = 5
"""How long requests may take to end after `stop`; streams have ended before."""


class _Server(uvicorn.Server):
    """Leaves the signals to the process that runs us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class HttpServer:
    """One application on one address."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=END_S,
            )
        )

    @property
    def is_listening(self) -> bool:
        """Connections are accepted."""
        return self._server.started

    async def serve(self) -> None:
        """Serve until `stop`."""
        await self._server.serve()

    def stop(self) -> None:
        """Accept nothing more, end what is begun. Idempotent. Close the streams first: uvicorn waits for them."""
        self._server.should_exit = True
