"""The town's telephones: rings, plays what the customer has to say, passes keys on – as Twilio's Calls API does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final, Protocol
from urllib.parse import urljoin

import msgspec

from gascore.clock import Clock
from simulator.ports import Webhooks
from simulator.rules import twilio_calls
from simulator.rules.twilio import signature
from simulator.rules.twilio_calls import (
    ENDED,
    BadTwimlError,
    Call,
    CallStatus,
    Gather,
    Hangup,
    Redirect,
    Say,
    Verb,
)

KEPT: Final = 1000
"""Newest calls kept."""
DOCUMENTS: Final = 20
"""In one call: two that lead to each other would never end."""
ANSWER: Final = "answer"
MACHINE: Final = "machine"
"""An answering machine takes the call: it listens, and presses nothing."""
HANG_UP: Final = "hang_up"
RING: Final = "ring"
"""Wait for somebody at the phones' page."""
DIGITS: Final = frozenset("0123456789*#")
OUTCOMES: Final = frozenset(
    {RING, MACHINE, CallStatus.BUSY.value, CallStatus.NO_ANSWER.value, CallStatus.FAILED.value, *DIGITS}
)
"""What a phone can be told to do with a call; a digit: answer and press it."""
ACTIONS: Final = frozenset({ANSWER, MACHINE, HANG_UP, *DIGITS})
"""What a person can do at a ringing phone, and during a call."""


class Manners(Protocol):
    """How telephones behave (part of `simulator.service.carrier.Behaviour`)."""

    @property
    def sent_after_s(self) -> float:
        """From the request to the ringing."""
        ...

    @property
    def gather_s(self) -> float | None:
        """So long is waited for a key; None: as long as the customer asks for."""
        ...

    @property
    def callbacks(self) -> bool:
        """Whether the customer is told how a call ended."""
        ...

    @property
    def calls(self) -> Mapping[str, str]:
        """Phone -> one of `OUTCOMES`."""
        ...

    @property
    def call(self) -> str:
        """The same for all other phones."""
        ...


class Telephone:
    """One account's calls. Belongs to one event loop."""

    def __init__(
        self,
        account: str,
        token: str,
        *,
        webhooks: Webhooks,
        clock: Clock,
        chance: Random,
        changed: Callable[[], None],
    ) -> None:
        """Prepare; `changed` is called after every change that a page shows."""
        self._account = account
        self._token = token
        self._webhooks = webhooks
        self._clock = clock
        self._chance = chance
        self._changed = changed
        self._calls: dict[str, Call] = {}
        self._hands: dict[str, asyncio.Queue[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def place(self, form: Mapping[str, str], how: Manners) -> Call:
        """Take a call that nothing speaks against."""
        now_ms = self._clock.now_ms()
        ring = form.get("Timeout", "")
        call = Call(
            sid=f"CA{self._chance.getrandbits(128):032x}",
            sender=form["From"],
            to=form["To"],
            at_ms=now_ms,
            changed_ms=now_ms,
            ring_s=int(ring) if ring.isascii() and ring.isdigit() else twilio_calls.RING_S,
            twiml=form.get("Twiml", ""),
            url=form.get("Url", ""),
            callback=form.get("StatusCallback") or None,
        )
        self._keep(call)
        self._hands[call.sid] = asyncio.Queue()
        self._spawn(self._run(call, how))
        return call

    def fetch(self, sid: str) -> Call | None:
        """One call."""
        return self._calls.get(sid)

    def all(self) -> list[Call]:
        """All that are kept, oldest first."""
        return list(self._calls.values())

    def act(self, sid: str, action: str) -> bool:
        """A person does one of `ACTIONS`; False: there is no such call, or it is over."""
        call = self._calls.get(sid)
        if call is None or call.status in ENDED or sid not in self._hands:
            return False
        self._hands[sid].put_nowait(action)
        return True

    def forget(self) -> None:
        """Hang up everywhere and forget all calls."""
        self.close()
        self._calls.clear()
        self._hands.clear()

    def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, call: Call, how: Manners) -> None:
        await self._wait(how.sent_after_s)
        call = self._move(call, status=CallStatus.RINGING)
        does = how.calls.get(call.to, how.call)
        if does == RING:
            does = await self._picked_up(call)
        if does in {CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED}:
            call = self._move(call, status=CallStatus(does), ended_ms=self._clock.now_ms())
        else:
            call = self._move(call, status=CallStatus.IN_PROGRESS, answered_ms=self._clock.now_ms())
            if does in DIGITS:
                self._hands[call.sid].put_nowait(does)
            call = await self._talk(call, how, is_machine=does == MACHINE)
            call = self._move(call, status=CallStatus.COMPLETED, ended_ms=self._clock.now_ms())
        del self._hands[call.sid]
        if call.callback is not None and how.callbacks:
            await self._webhooks.post(call.callback, *self._signed(call.callback, call, {}))

    async def _picked_up(self, call: Call) -> str:
        """What the person does with a ringing phone."""
        until_ms = self._clock.now_ms() + call.ring_s * 1000
        while (done := await self._hand(call, until_ms)) is not None:
            if done == HANG_UP:
                return CallStatus.BUSY.value
            if done in {ANSWER, MACHINE}:
                return done
        return CallStatus.NO_ANSWER.value

    async def _talk(self, call: Call, how: Manners, *, is_machine: bool) -> Call:
        """Play one document after the other, until one ends, or somebody hangs up."""
        document: str | None = call.twiml or await self._ask(call, call.url, {})
        for _ in range(DOCUMENTS):
            try:
                verbs = twilio_calls.verbs_of(document or "")
            except BadTwimlError:
                return self._hears(call, "an application error has occurred")
            call, document = await self._play(call, verbs, how, is_machine=is_machine)
            if document is None:
                break
        return call

    async def _play(
        self, call: Call, verbs: list[Verb], how: Manners, *, is_machine: bool
    ) -> tuple[Call, str | None]:
        """Returns the next document; None: the call is over."""
        for verb in verbs:
            match verb:
                case Say(text):
                    call = self._hears(call, text)
                case Redirect(url):
                    return call, await self._ask(call, url, {})
                case Hangup():
                    return call, None
                case Gather():
                    call, key = await self._gather(call, verb, how, is_machine=is_machine)
                    if key == HANG_UP:
                        return call, None
                    if key is not None:
                        return call, await self._ask(call, verb.action, {"Digits": key, "msg": "Gather End"})
        return call, None

    async def _gather(
        self, call: Call, verb: Gather, how: Manners, *, is_machine: bool
    ) -> tuple[Call, str | None]:
        """Speak and wait for a key."""
        for say in verb.says:
            call = self._hears(call, say.text)
        wait_s = verb.timeout_s if how.gather_s is None else how.gather_s
        key = await self._key(call, wait_s, is_machine=is_machine)
        return (self._move(call, keys=call.keys + key) if key and key in DIGITS else call), key

    async def _key(self, call: Call, wait_s: float, *, is_machine: bool) -> str | None:
        until_ms = self._clock.now_ms() + round(wait_s * 1000)
        while (done := await self._hand(call, until_ms)) is not None:
            if done == HANG_UP or (done in DIGITS and not is_machine):
                return done
        return None

    async def _hand(self, call: Call, until_ms: int) -> str | None:
        """The next thing that the person does; None: nothing until then."""
        does = asyncio.ensure_future(self._hands[call.sid].get())
        waits = asyncio.ensure_future(self._clock.sleep_until(until_ms))
        try:
            await asyncio.wait({does, waits}, return_when=asyncio.FIRST_COMPLETED)
            return does.result() if does.done() else None
        finally:
            does.cancel()
            waits.cancel()

    async def _ask(self, call: Call, url: str, more: Mapping[str, str]) -> str:
        """The TwiML at an address; a relative one is below the call's own."""
        where = urljoin(call.url, url)
        return await self._webhooks.fetch(where, *self._signed(where, call, more)) or ""

    def _signed(self, url: str, call: Call, more: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        fields = {**twilio_calls.fields_of(call, self._account), **more}
        return fields, {"X-Twilio-Signature": signature(self._token, url, fields)}

    def _hears(self, call: Call, text: str) -> Call:
        return self._move(call, heard=(*call.heard, text))

    def _move(self, call: Call, **changes: object) -> Call:
        moved = msgspec.structs.replace(call, changed_ms=self._clock.now_ms(), **changes)
        if call.sid in self._calls:
            self._keep(moved)
        return moved

    def _keep(self, call: Call) -> None:
        self._calls[call.sid] = call
        while len(self._calls) > KEPT:
            del self._calls[next(iter(self._calls))]
        self._changed()

    async def _wait(self, seconds: float) -> None:
        await self._clock.sleep_until(self._clock.now_ms() + round(seconds * 1000))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
