"""A small real server that speaks the console's contract: the page, the stream, and the operator's requests."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

import msgspec

from dashboard.adapters import views
from dashboard.adapters.web.render import STATIC
from dashboard.rules.rows import Row
from gascore.words import Language
from support.built import built_pages
from support.rows import SYSTEM, counts_of

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"


def now_ms() -> int:
    """The server's clock."""
    return time.time_ns() // 1_000_000  # noqa: TID251  # a real server beside a real browser


class ConsoleServer:
    """Serves the console with `rows`; `say` and `take` change them; `asked` and `screens` hold what came.

    `answers` maps a verb to (status, body) of the next requests; `quiet` stops heartbeats and deltas;
    `signed_out` refuses new streams; without `may_act` the page is an inspector's.
    """

    def __init__(self, rows: tuple[Row, ...] = (), *, language: Language = Language.ZH) -> None:
        self.rows = {row.id: row for row in rows}
        self.language = language
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.screens: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.quiet = False
        self.signed_out = False
        self.may_act = True
        self.collector_age_ms = 300
        self.connected = 0
        self.pages = built_pages()
        self._streams: list[Queue[bytes]] = []
        self._seq = 1
        self._ended = threading.Event()
        self._heard = threading.Condition()
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def say(self, *rows: Row) -> None:
        """Add or change rows and tell the browsers."""
        self.rows |= {row.id: row for row in rows}
        self._delta(rows, ())

    def take(self, *ids: int) -> None:
        """Remove rows and tell the browsers."""
        for one in ids:
            del self.rows[one]  # type: ignore[arg-type]  # an AlarmId is an int
        self._delta((), ids)

    def wait_for(self, fact: Callable[[], bool], timeout_s: float = 10) -> None:
        """Until `fact` holds; raises AssertionError when it doesn't in time."""
        with self._heard:
            assert self._heard.wait_for(fact, timeout_s), "it did not happen in time"

    def cut(self) -> None:
        """Break all connections of browsers."""
        streams, self._streams = self._streams, []
        for queue in streams:
            queue.put(b"")

    @property
    def open_streams(self) -> int:
        """Connections that listen now."""
        return len(self._streams)

    def heard(self, verb: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Note a request and say how it is answered."""
        with self._heard:
            if verb == "screen":
                self.screens.append(body)
            else:
                self.asked.append((path, body))
            self._heard.notify_all()
        return self.answers.get(verb, (200, {"outcome": "done", "version": 2}))

    def left(self, queue: "Queue[bytes]") -> None:
        """A browser is gone."""
        with self._heard:
            if queue in self._streams:
                self._streams.remove(queue)
            self._heard.notify_all()

    def page(self) -> str:
        """The console's HTML."""
        rows = tuple(self.rows.values())
        return self.pages.render(
            views.CONSOLE,
            language=self.language,
            user=views.UserView("operator", "李敏", "operator", self.language, may_act=self.may_act),
            path="/",
            asset=self.pages.asset,
            now_ms=now_ms(),
            zone="Asia/Shanghai",
            rows=rows,
            counts=counts_of(rows),
            system=SYSTEM,
            seq=self._seq,
        )

    def events(self) -> "_Stream":
        """A new stream, beginning with a snapshot."""
        queue: Queue[bytes] = Queue()
        queue.put(self._event("snapshot", seq=self._seq, now_ms=now_ms(), rows=tuple(self.rows.values())))
        self._streams.append(queue)
        self.connected += 1
        return _Stream(self, queue, self._ended)

    def heartbeat(self) -> bytes:
        """`hb`, as every two seconds."""
        return self._event(
            "hb", now_ms=now_ms(), seq=self._seq, newest_message_age_ms=400, journal_lag=0,
            collector_age_ms=self.collector_age_ms,
        )  # fmt: skip

    def _delta(self, rows: tuple[Row, ...], gone: tuple[int, ...]) -> None:
        self._seq += 1
        event = self._event("delta", rows=rows, gone=gone)
        for queue in self._streams:
            queue.put(event)

    def _event(self, name: str, **data: object) -> bytes:
        if name != "hb":
            data |= {"counts": counts_of(tuple(self.rows.values())), "system": SYSTEM}
        return f"event: {name}\nid: 1-{self._seq}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()


class _Stream:
    """Events of one browser, and a heartbeat every half second."""

    def __init__(self, server: ConsoleServer, queue: "Queue[bytes]", ended: threading.Event) -> None:
        self._server, self.queue, self._ended = server, queue, ended
        self._beat_ms = now_ms()

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> bytes:
        """The next event."""
        while not self._ended.is_set():
            try:
                event = self.queue.get(timeout=max(0.0, self._beat_ms - now_ms()) / 1000)
            except Empty:
                self._beat_ms = now_ms() + 500
                event = self._server.heartbeat()
            if event == b"":
                break
            if not self._server.quiet:
                return event
        raise StopIteration


class _Handler(BaseHTTPRequestHandler):
    server_of: ConsoleServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self._send(200, "text/html; charset=utf-8", self.server_of.page().encode())
        elif path == "/api/v1/stream":
            if self.server_of.signed_out:
                self._send(401, "application/problem+json", b"{}")
            else:
                self._stream()
        elif path.startswith("/static/") and ".." not in path:
            file = STATIC / path.removeprefix("/static/")
            self._send(200, _TYPES[Path(path).suffix], file.read_bytes())
        else:
            self._send(404, "text/plain", b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("X-Gaswatch") != "1":
            self._send(403, "application/problem+json", b"{}")
        else:
            verb = self.path.rpartition("/")[2]
            status, answer = self.server_of.heard(verb, self.path, body)
            self._send(status, "application/json", json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
        """Nothing: tests say what went wrong."""

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        events = self.server_of.events()
        with suppress(OSError):  # the browser is gone
            for event in events:
                self.wfile.write(event)
                self.wfile.flush()
        self.server_of.left(events.queue)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)
