"""The simulator's carrier as a test double: a real HTTP server on a free port, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import requests
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # it ships no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # it ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # it ships no types

from gaswatch.clock import SystemClock
from simulator.adapters.carrier_server import CarrierServer
from simulator.adapters.webhooks import HttpWebhooks
from simulator.service.carrier import Carrier

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "test-auth-token"
SENDER = "+15005550006"
DEADLINE_S = 10.0
FAST = {"sent_after_s": 0.02, "final_after_s": 0.02}


class RunningCarrier:
    """What a test does with the carrier. Every call is HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.account = ACCOUNT
        self.token = TOKEN
        self.http = requests.Session()
        self.http.trust_env = False

    def behave(self, **changes: object) -> None:
        """Change the behaviour (fields of `simulator.service.carrier.Behaviour`); others go back to fast defaults."""
        answer = self.http.put(f"{self.url}/sim/behaviour", json=FAST | changes, timeout=DEADLINE_S)
        assert answer.ok, answer.text

    def messages(self) -> list[dict[str, Any]]:
        """Every message, oldest first, as /sim/messages shows it."""
        shown = self.http.get(f"{self.url}/sim/messages", timeout=DEADLINE_S).json()
        found: list[dict[str, Any]] = shown["messages"]
        return found

    def to(self, phone: str) -> list[str]:
        """The texts that a phone got, oldest first."""
        return [
            one["body"] for one in self.messages() if one["to"] == phone and one["direction"] != "inbound"
        ]

    def calls(self, to: str | None = None) -> list[dict[str, Any]]:
        """Every call, oldest first, as /sim/messages shows it."""
        shown = self.http.get(f"{self.url}/sim/messages", timeout=DEADLINE_S).json()
        return [one for one in shown["calls"] if to in {None, one["phone"]}]

    def act(self, sid: str, action: str) -> int:
        """A person does something with a call; returns the HTTP status."""
        done = {"sid": sid, "action": action}
        return self.http.post(f"{self.url}/sim/call", json=done, timeout=DEADLINE_S).status_code

    def reply(self, phone: str, text: str) -> str:
        """A person answers; returns the SID."""
        answer = self.http.post(
            f"{self.url}/sim/reply", json={"phone": phone, "text": text}, timeout=DEADLINE_S
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def client(self, token: str = TOKEN) -> Client:
        """The real twilio client, pointed here."""
        return Client(ACCOUNT, token, http_client=Redirected(self.url))


class Redirected(TwilioHttpClient):  # type: ignore[misc]  # untyped
    """Sends what is meant for api.twilio.com to another server."""

    def __init__(self, base: str, timeout_s: float = DEADLINE_S) -> None:
        super().__init__(timeout=timeout_s)
        self._base = base

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", self._base), *args, **kwargs)


@contextmanager
def a_carrier(public: str = "http://127.0.0.1:9", people: Mapping[str, str] = {}) -> Iterator[RunningCarrier]:
    """A carrier whose customer listens at `public`; port 9 is nobody."""
    ready, stopping = threading.Event(), threading.Event()
    found: list[int] = []

    async def serve() -> None:
        webhooks = HttpWebhooks()
        carrier = Carrier(
            ACCOUNT,
            TOKEN,
            inbound_url=f"{public}/webhooks/twilio/sms",
            webhooks=webhooks,
            clock=SystemClock(),
            chance=Random(1),  # noqa: S311 -- SIDs of a test
        )
        server = CarrierServer(carrier, people, "127.0.0.1", 0, zone="Asia/Shanghai")
        listener = server.bind()
        found.append(int(listener.getsockname()[1]))
        task = asyncio.create_task(server.serve(listener))
        ready.set()
        await asyncio.to_thread(stopping.wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        webhooks.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(DEADLINE_S)
    running = RunningCarrier(f"http://127.0.0.1:{found[0]}")
    try:
        running.behave()
        yield running
    finally:
        running.http.close()
        stopping.set()
        thread.join(DEADLINE_S)


@dataclass(frozen=True)
class Posted:
    """A webhook call that came in."""

    url: str
    fields: dict[str, str]
    signature: str


class Customer:
    """A web server that keeps what is posted to it; `failures` of the next posts are answered with 503."""

    def __init__(self) -> None:
        self.posts: list[Posted] = []
        self.failures = 0
        self.twiml = ""
        """The answer to every post, if there is one."""
        self.url = ""

    def statuses(self, sid: str) -> list[str]:
        return [
            one.fields.get("MessageStatus", "") for one in self.posts if one.fields.get("MessageSid") == sid
        ]

    def of_call(self, sid: str) -> list[Posted]:
        """What was posted about a call."""
        return [one for one in self.posts if one.fields.get("CallSid") == sid]


@contextmanager
def a_customer() -> Iterator[Customer]:
    """Serves until the end of the block."""
    customer = Customer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if customer.failures:
                customer.failures -= 1
                self.send_response(503)
            else:
                fields = dict(parse_qsl(body, keep_blank_values=True))
                signature = self.headers["X-Twilio-Signature"]
                customer.posts.append(Posted(customer.url + self.path, fields, signature))
                self.send_response(200 if customer.twiml else 204)
            self.end_headers()
            self.wfile.write(customer.twiml.encode())

        def log_message(self, *args: object) -> None:
            del args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        customer.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield customer
        finally:
            server.shutdown()
            thread.join(DEADLINE_S)
