"""The town's mobile network: takes messages as Twilio does, delivers them to phones, tells how it went.

Everything is in memory, and gone when the simulator ends; the phones' page says so.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from random import Random
from typing import Final

import msgspec

from gascore.clock import Clock
from simulator.ports import Webhooks
from simulator.rules import twilio
from simulator.rules.twilio import ApiError, Sms, SmsStatus
from simulator.rules.twilio_calls import Call
from simulator.rules.twilio_calls import refusal as call_refusal
from simulator.service.telephone import RING, Telephone

KEPT: Final = 5000
"""Newest messages kept."""
SERVICE_NUMBER: Final = "+8610009999999"
"""The sender that a messaging service picks; it can't exist either."""
RETRY_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between attempts to call back."""


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse the next `times` requests with this code of `rules.twilio.ERRORS`, such as 20429."""

    code: int
    times: int = 1


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the network treats its customers; a test or a curious person changes it.

    Attributes:
        answer_after_s: every request is answered so late.
        sent_after_s, final_after_s: from creation to "sent", from there to the final state.
        refuse: the next requests are refused.
        lose_requests: so many requests are never answered and not taken.
        lose_answers: so many requests are taken, but never answered.
        callbacks: whether status callbacks are made.
        outcomes: phone -> "delivered", "sent" (nothing more is heard), or a code of UNDELIVERED.
        outcome: the same for all other phones.
        calls: phone -> what it does with a call (`simulator.service.telephone.OUTCOMES`); `call`: all others.
        gather_s: so long is waited for a key; None: as long as the customer asks for.
    """

    answer_after_s: float = 0.0
    sent_after_s: float = 0.3
    final_after_s: float = 1.0
    refuse: Refuse | None = None
    lose_requests: int = 0
    lose_answers: int = 0
    callbacks: bool = True
    outcomes: dict[str, str] = {}
    outcome: str = "delivered"
    calls: dict[str, str] = {}
    call: str = RING
    gather_s: float | None = None


class Unanswered(msgspec.Struct, frozen=True):
    """The request gets no answer."""


class Carrier:
    """One account on the network. Belongs to one event loop."""

    def __init__(
        self, account: str, token: str, *, inbound_url: str, webhooks: Webhooks, clock: Clock, chance: Random
    ) -> None:
        """Prepare.

        Args:
            account: the account's SID (AC…), also its user name.
            token: its password, which also signs webhooks.
            inbound_url: where replies from phones are posted.
            webhooks: posts to the customer.
            clock: of the network.
            chance: makes SIDs.
        """
        self.account = account
        self.behaviour = Behaviour()
        self.version = 0
        """Grows with every change; lets a page ask only for news."""
        self._token = token
        self._inbound_url = inbound_url
        self._webhooks = webhooks
        self._clock = clock
        self._chance = chance
        self._messages: dict[str, Sms] = {}
        self._opted_out: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.telephone = Telephone(
            account, token, webhooks=webhooks, clock=clock, chance=chance, changed=self._grow
        )

    def may_enter(self, user: str, password: str) -> bool:
        """Whether these are the account's SID and token."""
        return user == self.account and password == self._token

    async def create(self, form: Mapping[str, str]) -> Sms | ApiError | Unanswered:
        """Take a message, or say why not."""
        to, sender = form.get("To", ""), form.get("From", "")
        refused = await self._entrance(to, sender) or twilio.refusal(form)
        if refused is None and to in self._opted_out:
            refused = twilio.error(21610)
        if refused is not None:
            return refused
        sms = self._take(form, to, sender)
        return Unanswered() if self._loses_answer() else sms

    async def create_call(self, form: Mapping[str, str]) -> Call | ApiError | Unanswered:
        """Place a call, or say why not."""
        to, sender = form.get("To", ""), form.get("From", "")
        refused = await self._entrance(to, sender) or call_refusal(form)
        if refused is not None:
            return refused
        call = self.telephone.place(form, self.behaviour)
        return Unanswered() if self._loses_answer() else call

    async def _entrance(self, to: str, sender: str) -> ApiError | Unanswered | None:
        """What happens to a request before anybody has read it."""
        how = self.behaviour
        if how.answer_after_s:
            await self._wait(how.answer_after_s)
        if how.lose_requests:
            self._behave(lose_requests=how.lose_requests - 1)
            return Unanswered()
        if how.refuse is not None:
            left = how.refuse.times - 1
            self._behave(refuse=Refuse(how.refuse.code, left) if left > 0 else None)
            return twilio.error(how.refuse.code, to=to, sender=sender)
        return None

    def _loses_answer(self) -> bool:
        left = self.behaviour.lose_answers
        if left:
            self._behave(lose_answers=left - 1)
        return left > 0

    def fetch(self, sid: str) -> Sms | None:
        """One message."""
        return self._messages.get(sid)

    def messages(self) -> list[Sms]:
        """All that are kept, oldest first."""
        return list(self._messages.values())

    def reply(self, phone: str, text: str) -> Sms:
        """A person answers from a phone; it goes to the number that last wrote to it."""
        to = next((one.sender for one in reversed(self.messages()) if one.to == phone), SERVICE_NUMBER)
        now_ms = self._clock.now_ms()
        sms = Sms(self._sid(), "inbound", phone, to, text, SmsStatus.RECEIVED, now_ms, now_ms)
        self._keep(sms)
        word = text.strip().upper()
        if word in twilio.STOP_WORDS:
            self._opted_out.add(phone)
        elif word in twilio.START_WORDS:
            self._opted_out.discard(phone)
        self._spawn(self._post(self._inbound_url, twilio.inbound(sms, self.account)))
        return sms

    def forget(self) -> None:
        """Empty all phones, end all deliveries, and behave well again."""
        for task in self._tasks:
            task.cancel()
        self.telephone.forget()
        self._messages.clear()
        self._opted_out.clear()
        self.behaviour = Behaviour()
        self.version += 1

    def close(self) -> None:
        """End the deliveries and calls that are under way."""
        self.telephone.close()
        for task in self._tasks:
            task.cancel()

    def _take(self, form: Mapping[str, str], to: str, sender: str) -> Sms:
        now_ms = self._clock.now_ms()
        service = form.get("MessagingServiceSid") or None
        sms = Sms(
            sid=self._sid(),
            direction="outbound-api",
            sender=sender,
            to=to,
            text=form["Body"],
            status=SmsStatus.ACCEPTED if service and not sender else SmsStatus.QUEUED,
            at_ms=now_ms,
            changed_ms=now_ms,
            service=service,
            callback=form.get("StatusCallback") or None,
            expires_ms=twilio.expires_ms(form, now_ms),
        )
        self._keep(sms)
        self._spawn(self._deliver(sms))
        return sms

    async def _deliver(self, sms: Sms) -> None:
        how = self.behaviour
        due_ms = sms.at_ms + round(how.sent_after_s * 1000)
        if sms.expires_ms is not None and sms.expires_ms < due_ms:
            await self._clock.sleep_until(sms.expires_ms)
            await self._call_back(self._move(sms, SmsStatus.UNDELIVERED, error=twilio.EXPIRED))
            return
        await self._clock.sleep_until(due_ms)
        sms = self._move(
            sms, SmsStatus.SENT, sender=sms.sender or SERVICE_NUMBER, sent_ms=self._clock.now_ms()
        )
        await self._call_back(sms)
        outcome = how.outcomes.get(sms.to, how.outcome)
        if outcome == SmsStatus.SENT:
            return
        await self._wait(how.final_after_s)
        if outcome == SmsStatus.DELIVERED:
            sms = self._move(sms, SmsStatus.DELIVERED)
        else:
            sms = self._move(sms, SmsStatus.UNDELIVERED, error=int(outcome))
        await self._call_back(sms)

    async def _call_back(self, sms: Sms) -> None:
        if sms.callback is not None and self.behaviour.callbacks:
            await self._post(sms.callback, twilio.status_callback(sms, self.account))

    async def _post(self, url: str, fields: dict[str, str]) -> None:
        """Post signed, again after a failure; given up after the last wait, as Twilio does."""
        headers = {"X-Twilio-Signature": twilio.signature(self._token, url, fields)}
        for wait_s in (*RETRY_WAITS_S, None):
            if await self._webhooks.post(url, fields, headers) or wait_s is None:
                return
            await self._wait(wait_s)

    async def _wait(self, seconds: float) -> None:
        await self._clock.sleep_until(self._clock.now_ms() + round(seconds * 1000))

    def _move(
        self,
        sms: Sms,
        status: SmsStatus,
        *,
        error: int | None = None,
        sender: str = "",
        sent_ms: int | None = None,
    ) -> Sms:
        moved = msgspec.structs.replace(
            sms,
            status=status,
            changed_ms=self._clock.now_ms(),
            error=error,
            sender=sender or sms.sender,
            sent_ms=sent_ms or sms.sent_ms,
        )
        if sms.sid in self._messages:
            self._keep(moved)
        return moved

    def _keep(self, sms: Sms) -> None:
        self._messages[sms.sid] = sms
        while len(self._messages) > KEPT:
            del self._messages[next(iter(self._messages))]
        self._grow()

    def _grow(self) -> None:
        self.version += 1

    def _behave(self, **changes: object) -> None:
        self.behaviour = msgspec.structs.replace(self.behaviour, **changes)

    def _sid(self) -> str:
        return f"SM{self._chance.getrandbits(128):032x}"

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
