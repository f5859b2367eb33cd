"""The switchboard: which provider carries a message of a kind to an address, and whether providers work.

A message that meets a provider's outage, or what only this provider refuses, goes to the next provider at once. One
whose request left without an answer does not: it may be on its way, and who carried it is asked first
(`alerts.service.courier`).
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from alerts.ports import Channel
from alerts.rules import circuit
from alerts.rules.circuit import Asked, Circuit, Failed, Worked
from alerts.rules.countries import EVERYWHERE, Coverage, can_answer, obstacle
from alerts.rules.delivery import CannotSay, LookedUp, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Letter
from alerts.rules.spoken import one_way
from alerts.rules.templates import CODE, NO_TEMPLATE
from alerts.service.desk import Trouble
from gascore.alarm import ChannelKind
from gascore.clock import Clock

_log = structlog.get_logger()
DOWN_MS: Final = 60_000
"""Nothing has gone out by a provider for so long: people must know."""
PATIENCE_MS: Final = 8_000
"""After an outage answer that took longer, the next provider is asked in the next attempt: two slow requests in
one would outlast the notice's lease (`alerts.rules.delivery.LEASE_MS`)."""
NO_CHANNEL: Final = "no_channel"
"""No provider can carry this kind to this address: `gaswatch check` says why."""
BROKE: Final = "sender_broke"
TOO_SOON: Final = "too_soon_to_ask"
"""The provider does not know yet what became of it (`Capabilities.look_after_ms`)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a sending or a look-up, and of whose (`Channel.name`); None: nobody's."""

    provider: str | None
    sent: Sent | LookedUp


@dataclass(frozen=True, slots=True)
class Registered:
    """A channel and where it reaches."""

    channel: Channel
    coverage: Coverage = EVERYWHERE


class Switchboard:
    """The channels in the order of preference. Thread-safe, blocking as its channels are."""

    def __init__(self, registered: Sequence[Registered], clock: Clock) -> None:
        """`clock` tells how long a request took."""
        self._registered = tuple(registered)
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: dict[str, Circuit] = {one.name: Circuit() for one in self.channels}

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All of them."""
        return tuple(one.channel for one in self._registered)

    def for_(self, kind: ChannelKind, address: str) -> tuple[Channel, ...]:
        """Who can carry this kind to this address, the preferred first; empty: nobody.

        Those through which the person can answer go before those through which it can't, whatever the order of the
        settings: a text without a code to reply with tells, but lets nobody take over.
        """
        able = [
            one
            for one in self._registered
            if one.channel.kind is kind and obstacle(one.coverage, kind, address) is None
        ]
        return tuple(one.channel for one in sorted(able, key=lambda one: not _is_two_way(one, address)))

    def can_answer(self, kind: ChannelKind, address: str) -> bool:
        """Whether the person can take over through what is preferred for this kind to the address."""
        able = self.for_(kind, address)
        return any(_is_two_way(one, address) for one in self._registered if one.channel in able[:1])

    def send(self, kind: ChannelKind, letter: Letter) -> Carried:
        """Hand it to the first provider that takes it; those with an open circuit are the last resort."""
        begun_ms = self._clock.now_ms()
        carried, later = Carried(None, Refused(NO_CHANNEL)), None
        for channel in self._in_order(self.for_(kind, letter.address)):
            carried = self._send(channel, letter)
            later = carried if isinstance(carried.sent, TryLater) else later
            if not _goes_on(carried.sent) or self._clock.now_ms() - begun_ms > PATIENCE_MS:
                break
        # That the last one can't carry it does not mean that nobody will.
        return later if later and _goes_on(carried.sent) else carried

    def look_up(self, provider: str | None, letter: Letter) -> LookedUp:
        """Ask who carried it what became of it."""
        channel = next((one for one in self.channels if one.name == provider), None)
        if channel is None or not channel.can.looks_up:
            return CannotSay("cannot_be_asked")
        if letter.begun_ms is not None and self._clock.now_ms() < letter.begun_ms + channel.can.look_after_ms:
            return CannotSay(TOO_SOON)
        try:
            return channel.look_up(self._fitting(channel, letter))
        except Exception:  # noqa: BLE001 -- whatever it is: to end the service would tear all other texts with it
            _log.exception("look_up_broke", provider=provider, notice=letter.notice)
            return CannotSay(BROKE)

    def troubles(self, now_ms: int) -> dict[str, Trouble | None]:
        """Each provider's trouble, by `Channel.name`; None: it works, as far as we know."""
        with self._lock:
            return {name: _trouble(one, now_ms) for name, one in self._circuits.items()}

    def _in_order(self, able: Sequence[Channel]) -> Iterator[Channel]:
        """Asked for one by one: to admit a message to a circuit that is half open is its trial."""
        postponed = []
        for channel in able:
            if self._step(channel, Asked()).effects:
                yield channel
            else:
                postponed.append(channel)
        yield from postponed

    def _send(self, channel: Channel, letter: Letter) -> Carried:
        begun_ms = self._clock.now_ms()
        try:
            sent = channel.send(self._fitting(channel, letter))
        except Exception:  # noqa: BLE001 -- same
            _log.exception("sender_broke", provider=channel.name, notice=letter.notice)
            sent = NoAnswer(BROKE)
        is_slow = self._clock.now_ms() - begun_ms > PATIENCE_MS
        if sent != _NOT_ASKED:
            self._step(channel, _said(sent, is_slow=is_slow))
        return Carried(channel.name, sent)

    def _fitting(self, channel: Channel, letter: Letter) -> Letter:
        """A text that nobody can answer asks for no answer: a person would rely on it."""
        if letter.reply_code is None or channel.kind is not ChannelKind.SMS:
            return letter
        registered = next(one for one in self._registered if one.channel is channel)
        if _is_two_way(registered, letter.address):
            return letter
        return replace(
            letter,
            text=one_way(letter.text, letter.language, letter.reply_code),
            params={name: value for name, value in letter.params.items() if name != CODE},
            reply_code=None,
        )

    def _step(self, channel: Channel, event: circuit.Event) -> circuit.Step:
        with self._lock:
            before = self._circuits[channel.name]
            done = circuit.step(before, event, self._clock.now_ms())
            self._circuits[channel.name] = done.state
        if done.state.phase is not before.phase:
            _log.warning(
                "circuit", provider=channel.name, phase=done.state.phase.value, reason=done.reason.value
            )
        return done


_NOT_ASKED: Final = Refused(NO_TEMPLATE, elsewhere=True)
"""No request left: it says nothing of the provider."""


def _is_two_way(one: Registered, address: str) -> bool:
    can = one.channel.can
    return can.keys or (can.replies and can_answer(one.coverage, address))


def _goes_on(sent: Sent | LookedUp) -> bool:
    """Whether it was not sent, and another provider may carry it."""
    return isinstance(sent, TryLater) or (isinstance(sent, Refused) and sent.elsewhere)


def _said(sent: Sent, *, is_slow: bool) -> circuit.Event:
    match sent:
        case TryLater(code=code, account=account):
            return Failed(code, account=account, at_once=is_slow)
        case Refused(code=code, ours=True):
            return Failed(code, account=True)
        case NoAnswer(code=code):
            return Failed(code)
        case _:
            return Worked()


def _trouble(one: Circuit, now_ms: int) -> Trouble | None:
    if one.failing_ms is None:
        return None
    if one.account:
        return Trouble("account_refused", one.failing_ms)
    return Trouble("provider_down", one.failing_ms) if now_ms - one.failing_ms >= DOWN_MS else None
