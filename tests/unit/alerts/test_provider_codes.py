"""What a provider's refusal means."""

import pytest

from alerts.rules.delivery import LONGEST_RETRY_MS, Refused, Sent, TryLater
from alerts.rules.provider_codes import BAD_NUMBER, OUR_ACCOUNT, meaning_of
from gascore.alarm import AlarmKind
from gascore.plans import built_in
from gascore.policy import Facts
from gascore.priority import priority_of
from gascore.words import Level, Priority, RoomKind


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21211, Refused("21211")),
        (403, 21610, Refused("21610")),
        (400, 21608, Refused("21608")),
        (404, 20404, TryLater("20404", LONGEST_RETRY_MS, account=True)),
        (422, None, Refused("422")),
        (429, 20429, TryLater("20429")),
        (500, None, TryLater("500")),
        (503, 20503, TryLater("20503")),
        (401, 20003, TryLater("20003", LONGEST_RETRY_MS, account=True)),
        (403, None, TryLater("403", LONGEST_RETRY_MS, account=True)),
        (400, 21606, TryLater("21606", LONGEST_RETRY_MS, account=True)),
    ],
)
def test_the_number_the_hour_or_the_account(status: int, code: int | None, meaning: Sent) -> None:
    assert meaning_of(status, code) == meaning


def test_no_code_means_two_things() -> None:
    assert BAD_NUMBER.isdisjoint(OUR_ACCOUNT)


@pytest.mark.parametrize(
    ("level", "room", "wrong_gas", "priority"),
    [
        (Level.LOW, RoomKind.KITCHEN, False, Priority.HIGH),
        (Level.LOW, None, False, Priority.HIGH),
        (Level.LOW, RoomKind.CYLINDER_ROOM, False, Priority.URGENT),
        (Level.LOW, RoomKind.KITCHEN, True, Priority.URGENT),
        (Level.HIGH, RoomKind.KITCHEN, False, Priority.URGENT),
    ],
)
def test_a_leak_is_as_urgent_as_its_place(
    level: Level, room: RoomKind | None, *, wrong_gas: bool, priority: Priority
) -> None:
    assert priority_of(AlarmKind.LEAK, level, room=room, wrong_gas=wrong_gas) is priority


@pytest.mark.parametrize("kind", set(AlarmKind) - {AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK, AlarmKind.TREND})
def test_what_is_no_leak_is_of_medium_priority(kind: AlarmKind) -> None:
    assert priority_of(kind, Level.NONE, room=RoomKind.CYLINDER_ROOM, wrong_gas=True) is Priority.MEDIUM


def test_a_trend_is_for_the_console_alone() -> None:
    priority = priority_of(AlarmKind.TREND, Level.NONE, room=RoomKind.CYLINDER_ROOM, wrong_gas=True)
    assert priority is Priority.LOW
    assert built_in(Facts(AlarmKind.TREND, priority)).steps == ()
