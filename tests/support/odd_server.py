"""A server for HTTP that answers as a test says, or does not, or breaks the connection: in a thread of its own."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class OddServer:
    """`status`, `body` and `headers` are its answer; `mood` "hang" and "reset" are none."""

    url: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    mood: str = "answer"
    asked: list[dict[str, str]] = field(default_factory=list)
    """Each request: its query, with "path" and "authorization"."""
    let_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def an_odd_server() -> Iterator[OddServer]:
    """It runs until the test is over."""
    odd = OddServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            authorization = self.headers.get("Authorization", "")
            odd.asked.append(query | {"path": parts.path, "authorization": authorization})
            if odd.mood == "hang":
                odd.let_go.wait(30)
            if odd.mood == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if odd.mood != "answer":
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(odd.status)
            body = odd.body.encode()
            for name, value in odd.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
            pass

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
