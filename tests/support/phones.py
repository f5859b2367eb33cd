"""A phone network for stories, which does what it is told to."""

from dataclasses import dataclass, field
from typing import Final

from alerts.rules.delivery import (
    CannotSay,
    Found,
    Handed,
    LookedUp,
    NoAnswer,
    NotFound,
    Refused,
    Sent,
    TryLater,
)
from alerts.rules.letters import Capabilities, Health, Letter
from gascore.alarm import ChannelKind, NoticeState
from support.clock import ManualClock

NO_ANSWER: Final = NoAnswer("timeout")
TEXTS: Final = Capabilities(receipts=True, looks_up=True, replies=True)


@dataclass
class Phones:
    """A phone network that does what it is told to; `inbox` has (seconds since the start, text).

    `loses`: numbers whose requests get lost on the way; `cannot_say`: it can't be asked; `became`: what it says of
    a message by its id, else that it was delivered. Implements `alerts.ports.Channel`.
    """

    clock: ManualClock
    start_ms: int
    inbox: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    trouble: dict[str, Sent] = field(default_factory=dict)
    down: Sent | None = None
    loses: set[str] = field(default_factory=set)
    cannot_say: bool = False
    became: dict[str, NoticeState] = field(default_factory=dict)
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    count: int = 0
    name: str = "twilio_sms"
    kind: ChannelKind = ChannelKind.SMS
    can: Capabilities = TEXTS

    def send(self, letter: Letter) -> Sent:
        assert letter.valid_ms > 0
        trouble = self.down or self.trouble.get(letter.address)
        if isinstance(trouble, TryLater | Refused):
            return trouble
        if letter.address in self.loses:
            return NO_ANSWER
        seconds = (self.clock.now_ms() - self.start_ms) // 1000
        self.inbox.setdefault(letter.address, []).append((seconds, letter.text))
        self.count += 1
        self.taken.append((f"SM{self.count}", letter.address, letter.text))
        return trouble or Handed(f"SM{self.count}")

    def look_up(self, letter: Letter) -> LookedUp:
        if self.cannot_say:
            return CannotSay("timeout")
        for sid, address, text in self.taken:
            ours = sid == letter.provider_id
            if letter.provider_id is None:
                ours = (address, text) == (letter.address, letter.text) and sid not in letter.others
            if ours:
                return Found(sid, self.became.get(sid, NoticeState.DELIVERED))
        return NotFound()

    def probe(self) -> Health:
        return Health(ok=self.down is None)
