"""How urgent an alarm is (docs/architecture.md, "Words")."""

from gascore.alarm import AlarmKind
from gascore.words import Level, Priority, RoomKind


def priority_of(kind: AlarmKind, level: Level, *, room: RoomKind | None, wrong_gas: bool) -> Priority:
    """A leak in a cylinder room, or at a detector that is made for another gas, is as urgent as a high one.

    A detector for another gas shows too little or nothing: what it calls low may be far above. A trend is below
    every set point: the console has it, and nobody gets a text.
    """
    if kind is AlarmKind.UNKNOWN_LEAK:
        return Priority.URGENT
    if kind is AlarmKind.TREND:
        return Priority.LOW
    if kind is not AlarmKind.LEAK:
        return Priority.MEDIUM
    urgent = level is Level.HIGH or room is RoomKind.CYLINDER_ROOM or wrong_gas
    return Priority.URGENT if urgent else Priority.HIGH
