"""A mail server for tests, in a thread: takes mail, refuses it, or hangs at a given command."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """`answers`: what it says to a command instead of yes; "hang" or "close" are no answers. "." is the mail's end."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    context: ssl.SSLContext | None = None


YES = {
    "DATA": "354 go on",
    ".": "250 taken as 1",
    "STARTTLS": "220 go on",
    "AUTH": "235 welcome",
}


class _Handler(socketserver.StreamRequestHandler):
    stub: MailServer

    def handle(self) -> None:
        if not self._say("CONNECT", "220 stub"):
            return
        while line := self.rfile.readline():
            words = line.decode("ascii", "replace").strip()
            verb = words.split(" ")[0].upper()
            self.stub.commands.append(words)
            yes = YES.get(verb, "250 fine")
            if verb == "EHLO":
                yes = (
                    "250-stub\r\n250-AUTH PLAIN\r\n250 STARTTLS"
                    if self.stub.context
                    else "250-stub\r\n250 AUTH PLAIN"
                )
            if not self._say(verb, yes):
                return
            if verb == "STARTTLS" and self.stub.context and not self._encipher(self.stub.context):
                return
            if verb == "DATA" and "DATA" not in self.stub.answers and not self._mail():
                return

    def _encipher(self, context: ssl.SSLContext) -> bool:
        """False: the other side does not trust us."""
        wrapped = context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        try:
            wrapped.do_handshake()
        except ssl.SSLError:
            wrapped.close()
            return False
        self.connection = wrapped
        self.rfile, self.wfile = wrapped.makefile("rb"), wrapped.makefile("wb")
        return True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _mail(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        self.stub.mails.append(b"".join(lines))
        return self._say(".", YES["."])

    def _say(self, verb: str, yes: str) -> bool:
        said = self.stub.answers.get(verb, yes)
        if said == "hang":
            self.stub.let_go.wait(30)
        if said in {"hang", "close"}:
            return False
        self.wfile.write(said.encode() + b"\r\n")
        self.wfile.flush()
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False


@contextmanager
def a_mail_server(context: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """It runs until the test is over; `context`: it offers STARTTLS."""
    stub = MailServer(context=context)

    class Handler(_Handler):
        pass

    Handler.stub = stub
    server = _Server(("127.0.0.1", 0), Handler)
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        stub.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
