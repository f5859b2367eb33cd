"""The mobile network on a moved clock: states, time, losses."""

import asyncio
from collections.abc import Mapping
from random import Random

import msgspec
import pytest

from simulator.rules.twilio import ApiError, Sms, SmsStatus
from simulator.service.carrier import SERVICE_NUMBER, Behaviour, Carrier, Refuse, Unanswered
from support.clock import ManualClock

PHONE = "+8610000000001"
FORM = {"To": PHONE, "From": "+15005550006", "Body": "泄漏", "StatusCallback": "http://customer/status"}


class Customer:
    """Takes posts, or fails the first few."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        self.failures = 0

    async def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        assert headers["X-Twilio-Signature"]
        if self.failures:
            self.failures -= 1
            return False
        self.got.append((url, fields.get("MessageStatus") or fields["Body"]))
        return True

    @property
    def statuses(self) -> list[str]:
        return [what for url, what in self.got if url == "http://customer/status"]

    async def fetch(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
        del fields, headers
        raise AssertionError(f"nobody is called here, and {url} is asked what to say")


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.customer = Customer()
        self.carrier = Carrier(
            "AC1",
            "token",
            inbound_url="http://customer/sms",
            webhooks=self.customer,
            clock=self.clock,
            chance=Random(1),  # noqa: S311 -- SIDs of a test
        )

    async def sends(self, **changes: str) -> Sms:
        sms = await self.carrier.create(FORM | changes)
        assert isinstance(sms, Sms)
        await self.clock.advance(0)  # lets the delivery begin
        return sms

    def now(self, sms: Sms) -> Sms:
        found = self.carrier.fetch(sms.sid)
        assert found is not None
        return found


@pytest.fixture
def world() -> World:
    return World()


async def test_a_message_is_sent_then_delivered_each_at_its_time(world: World) -> None:
    sms = await world.sends()
    assert sms.status is SmsStatus.QUEUED
    await world.clock.advance(200)
    assert world.now(sms).status is SmsStatus.QUEUED
    await world.clock.advance(200)
    assert world.now(sms).status is SmsStatus.SENT
    await world.clock.advance(2000)
    assert world.now(sms).status is SmsStatus.DELIVERED
    assert world.customer.statuses == ["sent", "delivered"]


async def test_a_message_that_can_not_leave_within_its_validity_expires(world: World) -> None:
    world.carrier.behaviour = Behaviour(sent_after_s=300)
    sms = await world.sends(ValidityPeriod="120")
    await world.clock.advance(121_000)
    assert (world.now(sms).status, world.now(sms).error) == (SmsStatus.UNDELIVERED, 30036)
    assert world.customer.statuses == ["undelivered"]


async def test_of_a_message_that_is_only_sent_nothing_more_is_heard(world: World) -> None:
    world.carrier.behaviour = Behaviour(outcome="sent")
    sms = await world.sends()
    await world.clock.advance(3_600_000)
    assert world.now(sms).status is SmsStatus.SENT
    assert world.customer.statuses == ["sent"]


async def test_without_callbacks_nothing_is_posted(world: World) -> None:
    world.carrier.behaviour = Behaviour(callbacks=False)
    sms = await world.sends()
    await world.clock.advance(10_000)
    assert world.now(sms).status is SmsStatus.DELIVERED
    assert world.customer.got == []


async def test_a_callback_is_tried_six_times_and_then_given_up(world: World) -> None:
    world.customer.failures = 6
    await world.sends()
    await world.clock.advance(60_000)
    assert world.customer.statuses == ["delivered"]


async def test_a_slow_answer_comes_when_it_comes(world: World) -> None:
    world.carrier.behaviour = Behaviour(answer_after_s=5)
    answer = asyncio.ensure_future(world.carrier.create(FORM))
    await world.clock.advance(0)
    await world.clock.advance(4000)
    assert not answer.done()
    await world.clock.advance(2000)
    assert isinstance(await asyncio.wait_for(answer, 5), Sms)


async def test_lost_requests_are_not_taken_and_lost_answers_are(world: World) -> None:
    world.carrier.behaviour = Behaviour(lose_requests=1, lose_answers=1)
    assert isinstance(await world.carrier.create(FORM), Unanswered)
    assert world.carrier.messages() == []
    assert isinstance(await world.carrier.create(FORM), Unanswered)
    assert len(world.carrier.messages()) == 1
    assert isinstance(await world.carrier.create(FORM), Sms)


async def test_a_refusal_ends_after_its_times(world: World) -> None:
    world.carrier.behaviour = Behaviour(refuse=Refuse(20429, 2))
    answers = [await world.carrier.create(FORM) for _ in range(3)]
    assert [getattr(each, "code", None) for each in answers] == [20429, 20429, None]
    assert isinstance(answers[0], ApiError)
    assert world.carrier.behaviour.refuse is None


async def test_a_reply_goes_to_the_number_that_last_wrote(world: World) -> None:
    assert world.carrier.reply(PHONE, "37").to == SERVICE_NUMBER
    await world.sends()
    assert world.carrier.reply(PHONE, "37").to == FORM["From"]
    await world.clock.advance(0)
    assert world.customer.got == [("http://customer/sms", "37")] * 2


async def test_forgetting_empties_the_phones_and_ends_deliveries(world: World) -> None:
    await world.sends()
    world.carrier.behaviour = Behaviour(outcome="30003")
    world.carrier.forget()
    await world.clock.advance(10_000)
    assert world.carrier.messages() == []
    assert world.customer.got == []
    assert world.carrier.behaviour == Behaviour()


async def test_every_change_moves_the_version_that_the_page_asks_with(world: World) -> None:
    before = world.carrier.version
    await world.sends()
    await world.clock.advance(5000)
    assert world.carrier.version == before + 3


def test_behaviour_from_the_outside_is_checked() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"outcom":"sent"}', type=Behaviour)
