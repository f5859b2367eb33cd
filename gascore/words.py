"""The field's words as types: gases, states, conditions, levels, priorities, identifiers.

One word per idea (docs/architecture.md, "Words"): a detector is never a sensor or a device.
Instants are whole milliseconds since 1970 UTC and their names end in `_ms` (docs/adr/0003).
"""

from enum import IntEnum, StrEnum
from typing import NewType

DetectorId = NewType("DetectorId", str)
"""As in the MQTT topic: `[A-Za-z0-9_:-]{1,64}`."""
SiteId = NewType("SiteId", str)
RoomId = NewType("RoomId", str)
AreaId = NewType("AreaId", str)
PersonId = NewType("PersonId", str)
AlarmId = NewType("AlarmId", int)
NoticeId = NewType("NoticeId", int)


class SupplyGas(StrEnum):
    """The gas that a room is supplied with."""

    NATURAL_GAS = "natural_gas"
    MINE_GAS = "mine_gas"
    """Piped coal-mine methane (民用瓦斯, GB 26569-2011)."""
    LPG = "lpg"
    COAL_GAS = "coal_gas"
    """Manufactured gas (人工煤气): hydrogen and carbon monoxide."""
    BIOGAS = "biogas"


class TargetGas(StrEnum):
    """One gas that a detector is made for; combinations are a frozenset (`gascore.compat`)."""

    METHANE = "methane"
    LPG = "lpg"
    COAL_GAS = "coal_gas"
    CO = "co"


class RoomKind(StrEnum):
    """Where a detector hangs."""

    KITCHEN = "kitchen"
    DINING_AREA = "dining_area"
    CYLINDER_ROOM = "cylinder_room"
    BOILER_ROOM = "boiler_room"
    OTHER = "other"


class ReportedState(StrEnum):
    """What a detector says of itself in `state` (docs/protocol.md)."""

    NORMAL = "normal"
    LOW = "low"
    HIGH = "high"
    FAULT = "fault"
    WARMUP = "warmup"
    TEST = "test"
    SHIELDED = "shielded"


class Level(IntEnum):
    """How bad a condition is; only leaks have both. Comparable: HIGH > LOW > NONE."""

    NONE = 0
    LOW = 1
    HIGH = 2


class Condition(StrEnum):
    """A state of a detector that is not plain "normal, online, fit"."""

    LEAK = "leak"
    FAULT = "fault"
    OFFLINE = "offline"
    NEVER_REPORTED = "never_reported"
    WRONG_GAS = "wrong_gas"
    WRONG_POSITION = "wrong_position"
    END_OF_LIFE = "end_of_life"
    VERIFICATION_DUE = "verification_due"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    MUTED = "muted"
    SHIELDED = "shielded"
    """The detector says that it is masked out (屏蔽): it does not protect."""
    TESTING = "testing"
    """The detector says that it is under test (GB/T 45839-2025 5.8.4: kept apart from normal)."""
    WARMING_UP = "warming_up"
    UNTRUSTED_CLOCK = "untrusted_clock"
    TREND = "trend"


class Protection(StrEnum):
    """Protection state of a detector, exactly one at each second; the first that applies wins."""

    NOT_REQUIRED = "not_required"
    UNMONITORED = "unmonitored"
    OFFLINE = "offline"
    MAINTENANCE = "maintenance"
    FAULT = "fault"
    WARMING_UP = "warming_up"
    UNFIT = "unfit"
    """Works, but for the wrong gas, at the wrong place, past its life or its verification."""
    PROTECTED = "protected"
    """In alarm counts as protected: it is doing its job."""


class Priority(IntEnum):
    """Alarm priority, 1 is the most urgent (design: "Words")."""

    URGENT = 1
    """A high leak, or any leak in a cylinder room or at a detector of the wrong gas type."""
    HIGH = 2
    """A low leak."""
    MEDIUM = 3
    """Fault, offline, wrong gas, or our own blindness."""
    LOW = 4
    """Advisory."""


class Language(StrEnum):
    """Languages that texts and pages exist in."""

    ZH = "zh"
    EN = "en"
