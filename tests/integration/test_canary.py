"""A canary's whole way: a real broker, the collector, the desk, a phone network, and back to a closed alarm."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

import pytest

from gascore.alarm import AlarmCause, NoticeState
from gascore.canary import CanaryMeasured
from gascore.journal import AlarmStep, AlarmStepped, NoticeStepped, ReceiptReceived, TroubleBegan
from gaswatch.clock import SystemClock
from gaswatch.network import answers, free_port
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry
from gaswatch.wiring import Service, alerts, auditor, broker, collector
from support.alarm_town import town
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.waiting import until

pytestmark = pytest.mark.integration
CLOCK: Final = SystemClock()
PHONE: Final = "+8613999999999"
EventT = TypeVar("EventT")


@pytest.fixture(scope="module")
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier() as running:
        yield running


class Place:
    """A town with a canary in its one grid."""

    def __init__(self, folder: Path, carrier_url: str) -> None:
        self.settings = Settings(
            data_dir=folder,
            mqtt_port=free_port("127.0.0.1"),
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,  # type: ignore[arg-type]  # pydantic makes it a secret
            twilio_from=SENDER,
            twilio_url=carrier_url,
            canary=(("grid", PHONE),),
            canary_every_s=10,
            canary_within_s=60,
            clear_delay_s=0,
        )
        migrate(self.settings.database)
        engine = open_engine(self.settings.database)
        SqlRegistry(engine).put(town(), by="test", at_ms=CLOCK.now_ms())
        self.journal = SqlJournal(engine)

    def events(self, kind: type[EventT]) -> list[EventT]:
        return [e.event for e in self.journal.after(0, 100_000) if isinstance(e.event, kind)]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Everything of ours on one loop, as `up` runs it in processes."""
        services: list[Service] = [
            one.build(self.settings, CLOCK) for one in (broker, collector, alerts, auditor)
        ]
        tasks = [asyncio.create_task(services[0].run())]
        await until(self._broker_answers, within_s=30, what="the broker")  # whom the others would miss
        tasks += [asyncio.create_task(one.run()) for one in services[1:]]
        phone = asyncio.create_task(self._phone())
        try:
            yield
        finally:
            phone.cancel()
            for one in reversed(services):
                one.stop()
            await asyncio.gather(*tasks)

    def _broker_answers(self) -> bool:
        return answers("127.0.0.1", self.settings.mqtt_port)

    async def _phone(self) -> None:
        """What the dashboard's webhook does when the provider says that a text arrived."""
        said: set[str] = set()
        while True:
            for one in await asyncio.to_thread(self.events, NoticeStepped):
                name = one.notice.provider_id
                if one.notice.state is NoticeState.HANDED_OVER and name and name not in said:
                    said.add(name)
                    receipt = ReceiptReceived(channel="twilio_sms", provider_id=name, status="delivered")
                    await asyncio.to_thread(self.journal.append, [receipt], CLOCK.now_ms())
            await CLOCK.sleep_until(CLOCK.now_ms() + 100)


async def test_a_test_leak_goes_the_whole_way_to_its_phone_alone_and_is_closed_as_a_test(
    tmp_path: Path, carrier: RunningCarrier
) -> None:
    place = Place(tmp_path, carrier.url)
    async with place.at_work():
        await until(lambda: len(place.events(CanaryMeasured)) > 0, within_s=90, what="a measurement")
        await until(
            lambda: any(one.step is AlarmStep.CLOSED for one in place.events(AlarmStepped)),
            within_s=60,
            what="the alarm's end",
        )
    measured = next(one for one in place.events(CanaryMeasured) if one.ok)
    stations = (
        measured.sent_ms,
        measured.journaled_ms,
        measured.opened_ms,
        measured.handed_ms,
        measured.delivered_ms,
    )
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(stations))
    alarms = [one.alarm for one in place.events(AlarmStepped)]
    assert {one.detector for one in alarms} == {"canary-grid"}
    closed = next(one.alarm for one in place.events(AlarmStepped) if one.step is AlarmStep.CLOSED)
    assert (closed.cause, closed.acked_by, closed.closed_by) == (AlarmCause.TEST, "canary", "canary")
    assert {one.notice.person for one in place.events(NoticeStepped)} == {"canary-grid"}
    assert place.events(TroubleBegan) == []
