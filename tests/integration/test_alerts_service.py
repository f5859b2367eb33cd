"""The whole service on a real loop, a real store and the simulator's carrier."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from alerts.service import Alerts
from gascore.alarm import NoticeState
from gascore.journal import (
    AlarmStepped,
    ConditionRaised,
    Event,
    KeyPressed,
    NoticeStepped,
    Reason,
    ReceiptReceived,
    ReplyReceived,
    Sample,
)
from gascore.registry import Role
from gascore.service_status import ServiceStatus
from gascore.words import Condition, DetectorId, Level
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.alerts import build
from gaswatch.wiring.twilio import account_of
from support.alarm_town import PEOPLE, SITE, town
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.waiting import until

pytestmark = pytest.mark.integration
CLOCK: Final = SystemClock()


@pytest.fixture(scope="module")
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier() as running:
        yield running


class Place:
    """A data folder with a town in it, and what the other services would do there."""

    def __init__(self, folder: Path, carrier_url: str, *, account: str = ACCOUNT) -> None:
        self.settings = Settings(
            data_dir=folder,
            twilio_account_sid=account,
            twilio_auth_token=TOKEN,  # type: ignore[arg-type]  # pydantic makes it a secret
            twilio_from=SENDER,
            twilio_url=carrier_url,
        )
        migrate(self.settings.database)
        self.engine = open_engine(self.settings.database)
        SqlRegistry(self.engine).put(town(), by="test", at_ms=CLOCK.now_ms())
        self.journal = SqlJournal(self.engine)
        self.board = SqlStatusBoard(self.engine)

    def append(self, event: Event) -> None:
        self.journal.append([event], CLOCK.now_ms())

    def leak(self) -> None:
        now_ms = CLOCK.now_ms()
        self.append(
            ConditionRaised(
                detector=DetectorId("bottles-1"),
                site=SITE,
                condition=Condition.LEAK,
                since_ms=now_ms,
                reason=Reason.REPORTED_STATE,
                level=Level.HIGH,
                sample=Sample(received_ms=now_ms, lel=60),
            )
        )

    def collector_speaks(self, at_ms: int | None = None) -> None:
        at_ms = CLOCK.now_ms() if at_ms is None else at_ms
        self.board.say(ServiceStatus(name="collector", pid=1, started_ms=at_ms, at_ms=at_ms))

    def events(self) -> list[Event]:
        return [entry.event for entry in self.journal.after(0, 10_000)]

    def states(self) -> dict[int, NoticeState]:
        return {e.notice.id: e.notice.state for e in self.events() if isinstance(e, NoticeStepped)}

    def alarm_keys(self) -> list[str]:
        return [e.alarm.key for e in self.events() if isinstance(e, AlarmStepped)]


@pytest.fixture
def place(tmp_path: Path, carrier: RunningCarrier) -> Iterator[Place]:
    carrier.behave()
    carrier.http.delete(f"{carrier.url}/sim/messages", timeout=5)
    place = Place(tmp_path, carrier.url)
    yield place
    place.engine.dispose()


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Alerts]:
    service = build(place.settings, CLOCK)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        service.stop()
        async with asyncio.timeout(10):
            await task


async def eventually(fact: Callable[[], object], what: str) -> None:
    await until(fact, within_s=15, what=what)


async def test_a_leak_reaches_the_phones_and_its_latency_the_status(
    place: Place, carrier: RunningCarrier
) -> None:
    async with running(place) as service:
        place.leak()
        await eventually(lambda: len(carrier.messages()) == 3, "three texts")
        assert "气瓶间燃气泄漏高限60%LEL" in carrier.to(PEOPLE[Role.OWNER])[0]
        await eventually(
            lambda: set(place.states().values()) == {NoticeState.HANDED_OVER}, "hand-over in the journal"
        )
        await eventually(
            lambda: service.status(CLOCK.now_ms()).latency["handed_over"].total == 3, "three latencies"
        )
        code = carrier.to(PEOPLE[Role.OWNER])[0].rsplit("回", 1)[1].removesuffix("接手")
        place.append(ReplyReceived(channel="sms", provider_id="IN1", sender=PEOPLE[Role.OWNER], body=code))
        await eventually(lambda: "已于" in carrier.to(PEOPLE[Role.OWNER])[-1], "the answer")
    assert "alerts" in place.board.read()


async def test_a_receipt_that_overtakes_our_own_note_is_not_lost(
    place: Place, carrier: RunningCarrier
) -> None:
    carrier.behave(answer_after_s=0.5)
    async with running(place):
        place.leak()
        await eventually(lambda: len(carrier.messages()) == 3, "three texts taken")
        for message in carrier.messages():
            place.append(ReceiptReceived(channel="sms", provider_id=str(message["sid"]), status="delivered"))
        await eventually(
            lambda: set(place.states().values()) == {NoticeState.DELIVERED}, "every receipt in the journal"
        )


async def test_a_text_that_did_not_arrive_is_followed_by_a_call(
    place: Place, carrier: RunningCarrier
) -> None:
    place.settings = place.settings.model_copy(update={"twilio_voice_from": SENDER})
    owner = PEOPLE[Role.OWNER]
    async with running(place):
        place.leak()
        await eventually(lambda: len(place.states()) >= 3 and carrier.to(owner), "the text")
        (sid,) = [str(one["sid"]) for one in carrier.messages() if one["to"] == owner]
        place.append(
            ReceiptReceived(channel="twilio_sms", provider_id=sid, status="undelivered", code="30003")
        )
        await eventually(lambda: carrier.calls(owner), "the call")
        (call,) = carrier.calls(owner)
        await eventually(lambda: carrier.calls(owner)[0]["status"] == "ringing", "the ringing")
        carrier.act(str(call["sid"]), "answer")
        await eventually(lambda: carrier.calls(owner)[0]["heard"], "what it says")
        assert carrier.calls(owner)[0]["heard"][0].endswith("接手请按1。")
        carrier.act(str(call["sid"]), "hang_up")
        place.append(KeyPressed(channel="twilio_voice", provider_id=str(call["sid"]), digit="1"))
        await eventually(lambda: "已于" in carrier.to(owner)[-1], "the answer, as a text")


async def test_without_an_account_notices_wait_and_an_alarm_says_so(place: Place) -> None:
    place.settings = place.settings.model_copy(update={"twilio_account_sid": ""})
    assert account_of(place.settings) is None
    async with running(place):
        place.leak()
        await eventually(lambda: "system:alerts:channels" in place.alarm_keys(), "the system alarm")
    assert set(place.states().values()) == {NoticeState.PENDING}


async def test_the_account_is_set_later_and_the_notices_go_out(place: Place, carrier: RunningCarrier) -> None:
    with_account = place.settings
    place.settings = place.settings.model_copy(update={"twilio_from": ""})
    async with running(place):
        place.leak()
        await eventually(lambda: len(place.states()) >= 3, "notices in the outbox")
    place.settings = with_account
    async with running(place):
        await eventually(lambda: len(carrier.to(PEOPLE[Role.OWNER])) == 1, "the text")


async def test_a_store_that_fails_for_a_while_is_waited_for(place: Place, carrier: RunningCarrier) -> None:
    async with running(place):
        await eventually(lambda: "alerts" in place.board.read(), "the first word")
        _rename(place, "cursor", "cursor_gone")
        place.leak()
        await eventually(lambda: place.board.read()["alerts"].notes["store"] == "down", "it says so")
        _rename(place, "cursor_gone", "cursor")
        await eventually(lambda: len(carrier.messages()) == 3, "three texts")
        await eventually(lambda: place.board.read()["alerts"].notes["store"] == "ok", "all is well")


def _rename(place: Place, old: str, new: str) -> None:
    with writing(place.engine) as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_a_service_that_is_stopped_lets_the_texts_on_their_way_arrive(
    place: Place, carrier: RunningCarrier
) -> None:
    carrier.behave(answer_after_s=0.7)
    async with running(place):
        place.leak()
        await eventually(lambda: NoticeState.SENDING in place.states().values(), "a text on its way")
    assert set(place.states().values()) == {NoticeState.HANDED_OVER}


def test_receipts_are_not_asked_for_where_twilio_could_not_reach_us(place: Place) -> None:
    real = place.settings.model_copy(update={"twilio_url": ""})
    found = account_of(real)
    assert found is not None
    assert found.receipts is None
    public = real.model_copy(update={"public_url": "https://gas.example.cn"})
    found = account_of(public)
    assert found is not None
    assert found.receipts == "https://gas.example.cn/webhooks/twilio/status"
