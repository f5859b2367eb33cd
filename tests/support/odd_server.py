"""A server for HTTP that answers as a test says, or does not, or breaks the connection: in a thread of its own."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Reply(NamedTuple):
    """One answer; `mood` "hang", "reset" and "babble" (no HTTP) are none."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = {}
    mood: str = "answer"


@dataclass
class OddServer:
    """`status`, `body` and `headers` are its answer; `mood` "hang", "reset" and "babble" (no HTTP) are none."""

    url: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    mood: str = "answer"
    replies: Callable[[str, bytes], Reply] | None = None
    """Decides instead, by path and body."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Each request: its query, with "path" and "authorization"."""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Each request: its headers and its body."""
    let_go: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    odd: OddServer

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        authorization = self.headers.get("Authorization", "")
        self.odd.heard.append((dict(self.headers.items()), body))
        self.odd.asked.append(query | {"path": parts.path, "authorization": authorization})
        reply = Reply(self.odd.status, self.odd.body, self.odd.headers, self.odd.mood)
        if self.odd.replies is not None:
            reply = self.odd.replies(parts.path, body)
        if reply.mood == "answer":
            self._answer(reply)
            return
        if reply.mood == "hang":
            self.odd.let_go.wait(30)
        if reply.mood == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if reply.mood == "babble":
            self.wfile.write(b"220 mail.example.org ESMTP\r\n\xff\xfe\r\n")
        self.close_connection = True
        self.connection.close()

    do_POST = do_GET  # noqa: N815 -- http.server's name

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        body = reply.body.encode()
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.status != HTTPStatus.NO_CONTENT:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
        pass


@contextmanager
def an_odd_server() -> Iterator[OddServer]:
    """It runs until the test is over."""
    odd = OddServer()

    class Handler(_Handler):
        pass

    Handler.odd = odd
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    odd.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield odd
    finally:
        odd.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
