"""The dashboard's server over a real SQLite store on a free port, and an alerts that answers operators."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx2
import msgspec
from sqlalchemy import Engine, insert, update

from dashboard.adapters.app import create_app
from dashboard.adapters.parts import Parts
from dashboard.adapters.passwords import Argon2Passwords
from dashboard.adapters.server import HttpServer
from dashboard.ports import User
from dashboard.rules.stream import Ring
from dashboard.service.hub import Hub
from gascore.alarm import Alarm
from gascore.clock import Clock
from gascore.journal import AlarmStep, AlarmStepped, Entry
from gascore.operators import OperatorAnswered, OperatorRequested, Outcome
from gascore.words import Language
from gaswatch.clock import SystemClock
from gaswatch.network import free_port
from gaswatch.settings import Settings
from gaswatch.stores.accounts import SqlAccounts
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import alarm as alarms
from gaswatch.stores.schema import metadata
from gaswatch.wiring.dashboard import Dashboard, parts_over
from support.history_town import JANUARY_MS, a_detector, a_ledger, a_site
from support.waiting import until

PASSWORD = "correct horse"
PUBLIC = "https://gas.example/town"
TWILIO_TOKEN = "twilio-token"
OWN = {"X-Gaswatch": "1"}
USERS = (
    User("operator", "李敏", "operator", Language.ZH),
    User("inspector", "王强", "inspector", Language.EN),
)


class PlainPages:
    """Shows a page's template and context as JSON, so that a test reads what the real templates are given."""

    def render(self, template: str, *, language: Language, **context: object) -> str:
        shown = {key: value for key, value in context.items() if key != "asset"}
        return json.dumps({"template": template, "language": language, **msgspec.to_builtins(shown)})

    def asset(self, name: str) -> str:
        return f"/static/dist/{name}"


@cache
def _password_hash() -> str:
    """One for all tests: it takes its time on purpose."""
    return Argon2Passwords().hash(PASSWORD)


@dataclass
class Console:
    """What a test holds in its hands."""

    url: str
    engine: Engine
    journal: SqlJournal
    readings: EmbeddedReadings
    parts: Parts
    service: Dashboard
    clients: list[httpx2.AsyncClient] = field(default_factory=list)

    def client(self) -> httpx2.AsyncClient:
        """A browser that nobody has signed in with."""
        client = httpx2.AsyncClient(base_url=self.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=10)
        self.clients.append(client)
        return client

    async def signed_in(self, name: str = "operator") -> httpx2.AsyncClient:
        """A browser with a session."""
        client = self.client()
        answer = await client.post("/login", data={"name": name, "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303, answer.text
        return client

    def open_alarm(self, alarm: Alarm) -> None:
        """Open an alarm as alerts does: its table and the journal."""
        with writing(self.engine) as connection:
            connection.execute(
                insert(alarms).values(
                    id=alarm.id,
                    key=alarm.key,
                    open_key=alarm.key,
                    kind=alarm.kind.value,
                    site=alarm.site,
                    detector=alarm.detector,
                    priority=int(alarm.priority),
                    opened_ms=alarm.opened_ms,
                    inside=alarm.inside,
                    body=b"{}",
                )
            )
        self.step(alarm, AlarmStep.OPENED)

    def close_alarm(self, alarm: Alarm) -> None:
        """Close it."""
        with writing(self.engine) as connection:
            connection.execute(
                update(alarms).where(alarms.c.id == alarm.id).values(open_key=None, closed_ms=alarm.closed_ms)
            )
        self.step(alarm, AlarmStep.CLOSED)

    def step(self, alarm: Alarm, step: AlarmStep) -> None:
        """Journal what became of an alarm."""
        self.journal.append([AlarmStepped(alarm=alarm, step=step)], alarm.changed_ms)

    async def follows(self) -> None:
        """Wait until the board has everything that the journal has."""
        newest = self.journal.last_id()
        await until(lambda: self.parts.follower.picture.cursor >= newest, what="the board follows")

    async def answer(self, outcome: Outcome, version: int | None = None) -> OperatorRequested:
        """Be alerts: wait for the next request and answer it."""
        cursor = self.journal.last_id()
        found: list[Entry] = []

        def requested() -> bool:
            found[:] = [
                entry
                for entry in self.journal.after(cursor, 100)
                if isinstance(entry.event, OperatorRequested)
            ]
            return bool(found)

        await until(requested, what="an operator's request")
        request = found[0].event
        assert isinstance(request, OperatorRequested)
        answered = OperatorAnswered(
            request=request.request, alarm=request.alarm, outcome=outcome, version=version
        )
        self.journal.append([answered], request.alarm)
        return request


@asynccontextmanager
async def a_console(
    folder: Path,
    *,
    clock: Clock | None = None,
    public: str = "",
    change: Callable[[Parts], Parts] = lambda parts: parts,
) -> AsyncIterator[Console]:
    """A dashboard that serves; `change` may exchange parts of it."""
    settings = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'gaswatch.db'}",
        public_url=public,
        twilio_auth_token=TWILIO_TOKEN,  # type: ignore[arg-type]  # pydantic makes a SecretStr of it
    )
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    ledger = a_ledger(detectors=(a_detector("d1"), a_detector("d2", no=2)), sites=(a_site("S1"),))
    SqlRegistry(engine).put(ledger, by="test", at_ms=JANUARY_MS)
    for user in USERS:
        SqlAccounts(engine).add(user, _password_hash())
    readings = EmbeddedReadings(folder / "readings.db")
    parts = change(
        parts_over(engine, readings, settings, clock or SystemClock(), pages=PlainPages(), static=None)
    )
    port = free_port("127.0.0.1")
    server = HttpServer(create_app(parts), "127.0.0.1", port)

    def close() -> None:
        parts.lanes.close()
        readings.close()
        engine.dispose()

    service = Dashboard(parts.follower, server, close)
    console = Console(f"http://127.0.0.1:{port}", engine, SqlJournal(engine), readings, parts, service)
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: running.done() or server.is_listening, what="the server listens")
        await until(lambda: running.done() or parts.follower.has_begun, what="the board is complete")
        yield console
    finally:
        for client in console.clients:
            await client.aclose()
        service.stop()
        async with asyncio.timeout(15):
            await running


def with_small_ring(parts: Parts, deltas: int = 3) -> Parts:
    """The same parts with a ring that overflows soon."""
    follower = parts.follower
    follower.hub = Hub(
        Ring("test", deltas=deltas), lambda: follower.picture.encoded_snapshot(parts.clock.now_ms())
    )
    return parts


@dataclass(frozen=True)
class Heard:
    """An event of the stream."""

    name: str
    id: str | None
    data: dict[str, object]


@asynccontextmanager
async def listening(
    client: httpx2.AsyncClient, last_event_id: str | None = None
) -> AsyncIterator[AsyncGenerator[Heard]]:
    """The live stream of a browser; heartbeats are in it."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with client.stream("GET", "/api/v1/stream", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        events = _events(response.aiter_lines())
        try:
            yield events
        finally:
            await events.aclose()


async def hear(events: AsyncGenerator[Heard], name: str) -> Heard:
    """The next event of this name, whatever comes before it."""
    async with asyncio.timeout(10):
        async for event in events:
            if event.name == name:
                return event
    raise AssertionError(f"the stream ended before {name!r}")


async def _events(lines: AsyncIterator[str]) -> AsyncGenerator[Heard]:
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
        else:
            yield Heard(fields["event"], fields.get("id"), json.loads(fields["data"]))
            fields = {}
