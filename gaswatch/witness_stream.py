"""A browser without a screen: signs in and follows the live stream, noting when each alarm came in."""

import threading
from collections.abc import Iterator
from typing import Final

import msgspec
import requests
import structlog

from gascore.clock import Clock

_log = structlog.get_logger(__name__)
_AGAIN_S: Final = 0.3
_SILENT_S: Final = 10.0
"""The stream has a heartbeat every 2 s."""


class Arrival(msgspec.Struct, frozen=True):
    """An alarm's first appearance in the stream: when it came, and the receipt of the message behind it."""

    at_ms: int
    received_ms: int


class _Row(msgspec.Struct):
    id: int
    received_ms: int


class _Delta(msgspec.Struct):
    rows: list[_Row] = []


class StreamWatch:
    """Follows `GET /api/v1/stream` in a thread of its own until `stop`."""

    def __init__(self, base: str, name: str, password: str, clock: Clock) -> None:
        self._base = base
        self._name = name
        self._password = password
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._decode = msgspec.json.Decoder(_Delta).decode
        self.arrivals: dict[int, Arrival] = {}
        """First appearances by alarm id; those of a snapshot are not counted: nobody knows when they came."""
        self.signed_in = False
        self.events: dict[str, int] = {}
        """How many events of each kind came."""
        self.shown: set[int] = set()
        """Every alarm that was ever in the stream, by id."""

    def start(self) -> None:
        """Begin; the console need not be up yet."""
        self._thread.start()

    def stop(self) -> None:
        """End. Blocking until the thread has ended, at most as long as a heartbeat takes."""
        self._stop.set()
        self._thread.join(_SILENT_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except requests.RequestException as error:
                if self.signed_in:
                    _log.warning("the witness lost the stream", error=str(error))
            self._stop.wait(_AGAIN_S)

    def _follow(self) -> None:
        with requests.Session() as session:
            answer = session.post(
                f"{self._base}/login",
                data={"name": self._name, "password": self._password},
                headers={"Origin": self._base},
                allow_redirects=False,
                timeout=_SILENT_S,
            )
            if answer.status_code != requests.codes.see_other:
                _log.warning("the witness can't sign in", status=answer.status_code)
                return
            self.signed_in = True
            with session.get(
                f"{self._base}/api/v1/stream", stream=True, timeout=(_SILENT_S, _SILENT_S)
            ) as stream:
                stream.raise_for_status()
                for kind, data in events(stream.iter_lines(chunk_size=1)):
                    if self._stop.is_set():
                        return
                    self._take(kind, data)

    def _take(self, kind: str, data: bytes) -> None:
        now_ms = self._clock.now_ms()
        self.events[kind] = self.events.get(kind, 0) + 1
        if kind not in {"snapshot", "delta"}:
            return
        for row in self._decode(data).rows:
            if kind == "delta" and row.id not in self.shown:
                self.arrivals[row.id] = Arrival(now_ms, row.received_ms)
            self.shown.add(row.id)


def events(lines: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    r"""Server-Sent Events as (kind, data), as the WHATWG's text says; comments and ids are left out.

    >>> list(events(iter([b": hello", b"event: hb", b"data: {}", b"", b"data: 1", b"data: 2", b""])))
    [('hb', b'{}'), ('message', b'1\n2')]
    """
    kind, data = "message", list[bytes]()
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                yield kind, b"\n".join(data)
            kind, data = "message", []
        elif name == b"event":
            kind = value.decode()
        elif name == b"data":
            data.append(value)
