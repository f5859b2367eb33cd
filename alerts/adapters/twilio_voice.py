"""Calls through Twilio: the text is read aloud, and key 1 takes over.

That somebody answers proves nothing: answering machines do, too (reference: console 5.2).
"""

from typing import Any, Final
from urllib.parse import urlencode

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]  # it has no types

from alerts.adapters.failures import UNREADABLE
from alerts.adapters.twilio import ANSWER_S, Account, asked, client_of, handed, health_of
from alerts.rules.delivery import CannotSay, Found, LookedUp, NotFound, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.receipts import receipt_of
from alerts.rules.spoken import spoken
from gascore.alarm import ChannelKind
from gascore.voice import VOICES

RING_S: Final = 25
"""Shorter than most answering machines wait; with the text and the wait for a key, most calls end in 60 s, after
which the next channel or person is told anyway."""
KEY_S: Final = 8
TIMES: Final = 2
"""The text is said so often: the first words are lost while a phone goes to the ear."""
LISTED: Final = 50
"""So many calls to one number are looked through."""


class TwilioVoice:
    """Implements `alerts.ports.Channel`. `keys`: where Twilio tells of a key, an address it can reach."""

    name: Final = "twilio_voice"
    kind: Final = ChannelKind.VOICE
    can: Final = Capabilities(receipts=True, looks_up=True, keys=True)

    def __init__(self, account: Account, keys: str, *, answer_s: float = ANSWER_S) -> None:
        self._account = account
        self._keys = keys
        self._client = client_of(account, answer_s)

    def send(self, letter: Letter) -> Sent:
        """Let the phone ring. Trouble of any kind is an answer."""
        wanted = {
            "to": letter.address,
            "from_": self._account.sender,
            "twiml": twiml_of(letter, self._keys),
            "timeout": RING_S,
        }
        if self._account.receipts:
            wanted |= {"status_callback": self._account.receipts, "status_callback_event": ["completed"]}
        return handed(lambda: self._client.calls.create(**wanted))

    def look_up(self, letter: Letter) -> LookedUp:
        """Ask for the call by its SID, else for one to this number since then that is no other notice's."""
        return asked(
            lambda: self._fetched(letter.provider_id) if letter.provider_id else self._listed(letter)
        )

    def probe(self) -> Health:
        """Whether the account is let in and active."""
        return health_of(self._client, self._account.sid)

    def _fetched(self, sid: str) -> LookedUp:
        return _found(self._client.calls(sid).fetch())

    def _listed(self, letter: Letter) -> LookedUp:
        listed = 0
        for call in self._client.calls.stream(to=letter.address, limit=LISTED):
            created = call.date_created
            if created is not None and created.timestamp() * 1000 < letter.since_ms - 1000:
                return NotFound()
            if call.sid not in letter.others:
                return _found(call)
            listed += 1
        return NotFound() if listed < LISTED else CannotSay("too_many")


def twiml_of(letter: Letter, keys: str) -> str:
    """What Twilio is to say, and to which address it tells the key."""
    voice = VOICES[letter.language]
    text = spoken(letter.text, letter.language, letter.reply_code)
    words = {"language": voice.language, "voice": voice.name, "loop": TIMES}
    response = VoiceResponse()
    if letter.reply_code is None:
        response.say(text, **words)
    else:
        action = f"{keys}?{urlencode({'notice': letter.notice, 'lang': letter.language.value})}"
        gather = Gather(input="dtmf", num_digits=1, timeout=KEY_S, action=action, method="POST")
        gather.say(text, **words)
        response.append(gather)
    return str(response)


def _found(call: Any) -> LookedUp:  # noqa: ANN401 -- the library has no types
    receipt = receipt_of(str(call.status), None)
    if receipt is None or not call.sid:
        return CannotSay(UNREADABLE)
    return Found(call.sid, receipt.state, receipt.code)
