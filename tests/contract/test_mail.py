"""E-mail through a real SMTP server: taken, refused, hanging at each command, and over TLS."""

import email
import email.policy
import socket
import ssl
from pathlib import Path
from typing import Final

import pytest

from alerts.adapters.mail import Mail, Server
from alerts.rules.delivery import CannotSay, Handed, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Health
from gaswatch.clock import SystemClock
from support.broker import a_certificate
from support.letters import a_letter
from support.smtp_stub import MailServer, a_mail_server

pytestmark = pytest.mark.contract
TO: Final = "wang@example.org"


def a_mail(stub: MailServer, *, user: str = "", answer_s: float = 0.6) -> Mail:
    server = Server("127.0.0.1", stub.port, "gas@example.org", user, "secret", safety="none")
    return Mail(server, SystemClock(), answer_s=answer_s)


def send(stub: MailServer, *, user: str = "") -> Sent:
    return a_mail(stub, user=user).send(a_letter(address=TO))


def test_a_mail_is_plain_text_with_a_chinese_subject_and_our_number_of_it() -> None:
    with a_mail_server() as stub:
        assert send(stub) == Handed("taken as 1", receipt_ms=None)
    mail = email.message_from_bytes(stub.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "【燃气监管】燃气泄漏"
    assert (mail["To"], mail["From"]) == (TO, "gas@example.org")
    assert mail["Message-ID"] == "<gw7.1790000000000@example.org>"
    assert mail.get_content_type() == "text/plain"
    assert "关阀禁火禁电" in mail.get_content()


def test_the_server_is_signed_in_to_where_a_user_is_set() -> None:
    with a_mail_server() as stub:
        assert isinstance(send(stub, user="gas"), Handed)
        assert any(line.startswith("AUTH PLAIN") for line in stub.commands)
        assert a_mail(stub, user="gas").probe() == Health(ok=True)


@pytest.mark.parametrize(
    ("verb", "said", "outcome"),
    [
        ("RCPT", "550 no such user", Refused("550")),
        ("RCPT", "450 come back later", TryLater("450")),
        ("MAIL", "530 sign in first", TryLater("530", account=True)),
        (".", "554 spam", Refused("554")),
        (".", "451 full", TryLater("451")),
        ("AUTH", "535 wrong password", TryLater("535", account=True)),
    ],
)
def test_each_refusal_has_its_meaning(verb: str, said: str, outcome: Sent) -> None:
    with a_mail_server() as stub:
        stub.answers[verb] = said
        assert send(stub, user="gas" if verb == "AUTH" else "") == outcome


@pytest.mark.parametrize("how", ["hang", "close"])
@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_until_the_mail_has_left_nothing_was_sent(verb: str, how: str) -> None:
    with a_mail_server() as stub:
        stub.answers[verb] = how
        assert isinstance(send(stub), TryLater)
        assert stub.mails == []


@pytest.mark.parametrize("how", ["hang", "close"])
def test_when_the_mail_has_left_without_an_answer_nobody_knows(how: str) -> None:
    with a_mail_server() as stub:
        stub.answers["."] = how
        assert isinstance(send(stub), NoAnswer)
        assert len(stub.mails) == 1


def test_a_server_that_babbles_is_for_later() -> None:
    with a_mail_server() as stub:
        stub.answers["CONNECT"] = "HTTP/1.1 400 Bad Request"
        assert isinstance(send(stub), TryLater)
        assert not a_mail(stub).probe().ok


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert send(MailServer(port)) == TryLater("no_connection")


def test_a_server_without_starttls_is_not_trusted_with_a_password() -> None:
    with a_mail_server() as stub:
        server = Server("127.0.0.1", stub.port, "gas@example.org", "gas", "secret")
        sent = Mail(server, SystemClock(), answer_s=0.6).send(a_letter(address=TO))
        assert isinstance(sent, TryLater)
        assert sent.account
        assert not any("AUTH" in line for line in stub.commands)


def test_mail_cant_be_asked_for() -> None:
    assert isinstance(a_mail(MailServer(1)).look_up(a_letter()), CannotSay)


def test_over_starttls_the_password_and_the_mail_are_enciphered(tmp_path: Path) -> None:
    certificate, key = a_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with a_mail_server(context) as stub:
        server = Server("localhost", stub.port, "gas@example.org", "gas", "secret")
        mail = Mail(server, SystemClock(), answer_s=5, trusted=trusted)
        assert isinstance(mail.send(a_letter(address=TO)), Handed)
        assert stub.commands.index("STARTTLS") < stub.commands.index("AUTH PLAIN AGdhcwBzZWNyZXQ=")
        stranger = Mail(server, SystemClock(), answer_s=5)
        assert stranger.send(a_letter(address=TO)) == TryLater("SSLCertVerificationError", account=True)
