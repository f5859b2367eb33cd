"""Texts through Twilio."""

from typing import Any, Final

from alerts.adapters.failures import UNREADABLE
from alerts.adapters.twilio import ANSWER_S, Account, asked, client_of, handed, health_of, number_of
from alerts.rules.delivery import CannotSay, Found, LookedUp, NotFound, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.receipts import receipt_of
from gascore.alarm import ChannelKind

LISTED: Final = 500
"""So many messages to one number are looked through, in pages of 50."""


class TwilioSms:
    """Implements `alerts.ports.Channel`. Without an address for receipts no reply reaches us either."""

    name: Final = "twilio_sms"
    kind: Final = ChannelKind.SMS

    def __init__(self, account: Account, *, answer_s: float = ANSWER_S) -> None:
        is_heard = account.receipts is not None
        self.can = Capabilities(receipts=is_heard, looks_up=True, replies=is_heard)
        self._account = account
        self._client = client_of(account, answer_s)

    def send(self, letter: Letter) -> Sent:
        """Hand a text over. Trouble of any kind is an answer."""
        wanted: dict[str, object] = {
            "to": letter.address,
            "body": letter.text,
            "validity_period": max(1, letter.valid_ms // 1000),
        }
        service = self._account.sender.startswith("MG")
        wanted["messaging_service_sid" if service else "from_"] = self._account.sender
        if self._account.receipts:
            wanted["status_callback"] = self._account.receipts
        return handed(lambda: self._client.messages.create(**wanted))

    def look_up(self, letter: Letter) -> LookedUp:
        """Ask for the message by its SID, else among those to this number since then by its very words.

        A list filtered by DateSent may lack what waits in Twilio's queue, so ours ends by the date of creation;
        Twilio gives the newest first.
        """
        return asked(
            lambda: self._fetched(letter.provider_id) if letter.provider_id else self._listed(letter)
        )

    def _fetched(self, sid: str) -> LookedUp:
        return _found(self._client.messages(sid).fetch())

    def _listed(self, letter: Letter) -> LookedUp:
        listed = 0
        for message in self._client.messages.stream(to=letter.address, limit=LISTED):
            created = message.date_created
            if created is not None and created.timestamp() * 1000 < letter.since_ms - 1000:
                return NotFound()
            if letter.text in (message.body or "") and message.sid not in letter.others:
                return _found(message)
            listed += 1
        return NotFound() if listed < LISTED else CannotSay("too_many")

    def probe(self) -> Health:
        """Whether the account is let in and active."""
        return health_of(self._client, self._account.sid)


def _found(message: Any) -> LookedUp:  # noqa: ANN401 -- the library has no types
    code = number_of(message.error_code)
    receipt = receipt_of(str(message.status), None if code is None else str(code))
    if receipt is None or not message.sid:
        return CannotSay(UNREADABLE)
    return Found(message.sid, receipt.state, receipt.code)
