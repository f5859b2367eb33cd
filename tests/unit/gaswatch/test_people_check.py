"""What `gaswatch check` says about the people in the ledger."""

from dataclasses import dataclass, field

from alerts.rules.countries import CHINA_ONLY, EVERYWHERE, TWILIO_SMS, TWILIO_VOICE, Coverage
from alerts.rules.delivery import CannotSay, Handed, LookedUp, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.service import Registered, Switchboard
from gascore.alarm import ChannelKind
from gascore.registry import Person
from gascore.words import PersonId
from gaswatch.people_check import NAMED, Said, people_said
from support.clock import ManualClock


@dataclass
class Provider:
    """Implements `alerts.ports.Channel`."""

    name: str
    kind: ChannelKind
    can: Capabilities = field(default_factory=lambda: Capabilities(replies=True))

    def send(self, letter: Letter) -> Sent:
        return Handed(letter.address)

    def look_up(self, letter: Letter) -> LookedUp:
        return CannotSay(letter.address)

    def probe(self) -> Health:
        return Health(ok=True)


def board(sms: Coverage = TWILIO_SMS, voice: Coverage | None = TWILIO_VOICE) -> Switchboard:
    channels = [Registered(Provider("sms", ChannelKind.SMS), sms)]
    if voice is not None:
        call = Provider("voice", ChannelKind.VOICE, Capabilities(keys=True))
        channels.append(Registered(call, voice))
    return Switchboard(channels, ManualClock())


def a_person(phone: str, email: str = "") -> Person:
    return Person(id=PersonId("p"), name="王芳", name_en="Wang Fang", phone=phone, email=email)


def said(phone: str, switchboard: Switchboard) -> list[Said]:
    return list(people_said([a_person(phone)], switchboard))


def test_who_can_be_reached_and_can_answer_is_not_mentioned() -> None:
    assert said("+4915112345678", board()) == []
    assert said("+8613912345678", board(CHINA_ONLY)) == []


def test_over_twilio_alone_nobody_in_mainland_china_can_answer() -> None:
    ((is_bad, line),) = said("+8613912345678", board())
    assert not is_bad
    assert line.startswith(
        "王芳 (…5678) can't take over by reply or key: Twilio takes no replies from mainland"
    )


def test_a_mainland_landline_is_reached_by_nothing_of_twilio() -> None:
    ((is_bad, line),) = said("+861065551234", board())
    assert is_bad
    assert "is reached by no channel that is set up" in line


def test_what_is_no_number_is_said_to_be_none() -> None:
    ((is_bad, line),) = said("13912345678", board())
    assert is_bad
    assert "is no telephone number: correct it in the ledger" in line


def test_a_landline_that_can_be_called_is_fine() -> None:
    assert said("+493012345678", board()) == []
    assert [bad for bad, _ in said("+493012345678", board(voice=None))] == [True]


def test_a_number_in_nobodys_plan_is_to_be_looked_at() -> None:
    ((is_bad, line),) = said("+8610000000001", board(EVERYWHERE))
    assert not is_bad
    assert "numbering plan" in line


def test_many_alike_are_counted() -> None:
    people = [a_person("123")] * (NAMED + 5)
    lines = [one.detail for one in people_said(people, board())]
    assert len(lines) == NAMED + 1
    assert lines[-1] == "and 5 more like the last one"
