"""When TLS fails: before anything could be sent it is for later; afterwards nobody knows."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
import requests

from alerts.adapters.failures import unanswered
from alerts.rules.delivery import NoAnswer, Sent, TryLater

pytestmark = pytest.mark.contract
NEVER_LEFT: Final = TryLater("no_connection")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of our own for 127.0.0.1, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    asked = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        ["openssl", *asked.split(), "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60
    )
    both = folder / "both.pem"
    both.write_text(key.read_text("ascii") + cert.read_text("ascii"), "ascii")
    return both


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection, served so; the address of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def one() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.settimeout(20)
                    serve(connection)

        thread = threading.Thread(target=one)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            thread.join(30)


def asked(url: str, trusted: Path | None = None) -> Sent:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as raised:
            session.post(url, data="x", timeout=10, verify=str(trusted) if trusted else True)
    return unanswered(raised.value)


def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    with serving(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        assert asked(url) == NEVER_LEFT


def test_a_server_whose_certificate_we_dont_trust_was_sent_nothing(certificate: Path) -> None:
    def greet(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with suppress(ssl.SSLError):
            context.wrap_socket(connection, server_side=True).close()

    with serving(greet) as url:
        assert asked(url) == NEVER_LEFT


def test_a_connection_that_ends_after_the_request_leaves_open_whether_it_was_taken(certificate: Path) -> None:
    heard: list[bytes] = []

    def take_and_garble(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with context.wrap_socket(connection, server_side=True) as safe:
            heard.append(safe.recv(4096))
            raw = socket.socket(fileno=safe.detach())
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that no key fits
            raw.close()

    with serving(take_and_garble) as url:
        sent = asked(url, certificate)
    assert heard
    assert isinstance(sent, NoAnswer)
