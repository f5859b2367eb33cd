"""E-mails through an SMTP server: plain text, with our own number of the notice in the message's id.

Mail has no receipt: taken by the server is as far as we know. A copy for the record, never the only way to a person.
"""

import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Literal

from alerts.rules.delivery import CannotSay, Handed, LookedUp, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Capabilities, Health, Letter
from gascore.alarm import AlarmKind, ChannelKind
from gascore.clock import Clock
from gascore.words import Language

ANSWER_S: Final = 15.0
"""For everything together: a message takes up to eleven answers of the server."""
_FAILED: Final = 500
_YES: Final = frozenset({250, 251, 354})
"""Done, will be passed on, go on."""
_LOGIN: Final = range(530, 536)
"""Codes about who we are, not about the recipient (RFC 4954)."""
_SUBJECTS: Final[Mapping[Language, tuple[str, str]]] = {
    Language.ZH: ("【燃气监管】燃气泄漏", "【燃气监管】通知"),
    Language.EN: ("GASWATCH gas leak", "GASWATCH notice"),
}
"""Of a leak; of anything else. What it is about is in the text: some phones show only the subject."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in.

    Attributes:
        safety: "starttls" (port 587), "tls" from the start (465), or "none": for a server on this machine.
        user: "": no sign-in.
        sender: the address it comes from.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    safety: Literal["starttls", "tls", "none"] = "starttls"


class Mail:
    """Implements `alerts.ports.Channel`. One connection for each message."""

    name: Final = "email"
    kind: Final = ChannelKind.EMAIL
    can: Final = Capabilities()

    def __init__(
        self,
        server: Server,
        clock: Clock,
        *,
        answer_s: float = ANSWER_S,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        """`trusted`: who may sign the server's certificate; None: whom this machine trusts."""
        self._server = server
        self._clock = clock
        self._answer_s = answer_s
        self._trusted = trusted or ssl.create_default_context()

    def send(self, letter: Letter) -> Sent:
        """Hand it in; trouble of any kind is an answer."""
        message = _message(letter, self._server.sender)
        until_ms = self._clock.now_ms() + round(self._answer_s * 1000)
        try:
            smtp = self._connected(until_ms)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return _refusal(error)
        try:
            return self._handed_in(smtp, letter.address, message, until_ms)
        finally:
            smtp.close()

    def look_up(self, letter: Letter) -> LookedUp:
        """A mail server can't be asked."""
        del letter
        return CannotSay("cannot_be_asked")

    def probe(self) -> Health:
        """Whether the server lets us in."""
        try:
            smtp = self._connected(self._clock.now_ms() + round(self._answer_s * 1000))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            sent = _refusal(error)
            return Health(ok=False, code=sent.code, detail=str(error)[:100])
        smtp.close()
        return Health(ok=True)

    def _connected(self, until_ms: int) -> smtplib.SMTP:
        server, left_s = self._server, self._left_s(until_ms)
        smtp: smtplib.SMTP
        if server.safety == "tls":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=left_s, context=self._trusted)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=left_s)
        try:
            self._within(smtp, until_ms).ehlo_or_helo_if_needed()
            if server.safety == "starttls":
                self._within(smtp, until_ms).starttls(context=self._trusted)
                self._within(smtp, until_ms).ehlo()
            if server.user:
                self._within(smtp, until_ms).login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _handed_in(self, smtp: smtplib.SMTP, address: str, message: bytes, until_ms: int) -> Sent:
        """Until the last dot has left, nothing was sent; from then on, only an answer says whether it was."""
        try:
            asks: tuple[Callable[[], tuple[int, bytes]], ...] = (
                lambda: smtp.mail(self._server.sender),
                lambda: smtp.rcpt(address),
                lambda: smtp.docmd("DATA"),
            )
            for ask in asks:
                self._within(smtp, until_ms)
                code, _ = ask()
                if code not in _YES:
                    return _meaning(code)
            self._within(smtp, until_ms)
        except (OSError, smtplib.SMTPException) as error:
            return _refusal(error)
        try:
            smtp.send(message + b".\r\n")
            code, said = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return NoAnswer("timeout" if isinstance(error, TimeoutError) else "connection_lost")
        if code in _YES:
            return Handed(said.decode("ascii", "replace")[:100] or "taken", receipt_ms=None)
        return _meaning(code)

    def _within(self, smtp: smtplib.SMTP, until_ms: int) -> smtplib.SMTP:
        """The next answer must come in the time that is left. Raises `TimeoutError`."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._left_s(until_ms))
        return smtp

    def _left_s(self, until_ms: int) -> float:
        left_ms = until_ms - self._clock.now_ms()
        if left_ms <= 0:
            raise TimeoutError
        return left_ms / 1000


def _message(letter: Letter, sender: str) -> bytes:
    """As it goes over the line: CRLF, dots at a line's start doubled (RFC 5321)."""
    mail = EmailMessage()
    leak = (letter.template or "").partition(".")[0] in {AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK}
    mail["Subject"] = _SUBJECTS[letter.language][0 if leak else 1]
    mail["From"] = sender
    mail["To"] = letter.address
    mail["Message-ID"] = f"<gw{letter.notice}.{letter.since_ms}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, charset="utf-8", cte="base64")
    lines = mail.as_bytes().replace(b"\r\n", b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def _refusal(error: Exception) -> TryLater:
    """Of the sign-in, or of what came before: nothing was sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return TryLater(str(error.smtp_code), account=True)
    if isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError | ValueError):
        return TryLater(type(error).__name__, account=True)
    return TryLater("timeout" if isinstance(error, TimeoutError) else "no_connection")


def _meaning(code: int) -> Sent:
    if code in _LOGIN:
        return TryLater(str(code), account=True)
    return Refused(str(code)) if code >= _FAILED else TryLater(str(code))
