"""Short ways to say what the collector's rules are about: a detector in its room, and what it sends."""

from typing import Any

import msgspec

from collector.rules.conditions import Held, Limits
from collector.rules.page import Standing
from gascore.journal import Reason
from gascore.registry import Placed
from gascore.thresholds import FIGURES
from gascore.wire import Status, encode_status
from gascore.words import (
    AreaId,
    Condition,
    DetectorId,
    Level,
    ReportedState,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)

T0 = 1_790_000_000_000
LIMITS = Limits()


def a_placed(name: str = "D1", no: int = 1, **changes: Any) -> Placed:  # noqa: ANN401 -- the fields of Placed
    """A methane detector in a kitchen on natural gas, in service for a long time, reporting each 10 s.

    Its thresholds can be named, too; unless told otherwise its leaks end without a delay.
    """
    usual = Placed(
        no=no,
        id=DetectorId(name),
        site=SiteId("S1"),
        room=RoomId("R1"),
        area=AreaId("A1"),
        room_kind=RoomKind.KITCHEN,
        supply_gas=SupplyGas.NATURAL_GAS,
        target=frozenset({TargetGas.METHANE}),
        every_s=10.0,
        commissioned_ms=T0 - 30 * 86_400_000,
        retired_ms=None,
    )
    figures = {"clear_delay_s": 0.0} | {name: changes.pop(name) for name in FIGURES if name in changes}
    placed = msgspec.structs.replace(usual, **changes)
    return msgspec.structs.replace(placed, figures=msgspec.structs.replace(placed.figures, **figures))


def a_status(state: str = "normal", **fields: Any) -> Status:  # noqa: ANN401 -- the fields of Status
    """A message; nothing in it but what is named."""
    return Status(state=ReportedState(state), **fields)


def a_payload(state: str = "normal", **fields: Any) -> bytes:  # noqa: ANN401 -- the fields of Status
    """The same as bytes."""
    return encode_status(a_status(state, **fields))


def a_held(
    level: Level = Level.NONE, *, reason: Reason = Reason.REPORTED_STATE, codes: tuple[str, ...] = ()
) -> Held:
    """An active condition since `T0`."""
    return Held(T0, reason, level, codes)


def a_standing(*conditions: Condition, **held: Held) -> Standing:
    """A detector that has reported and holds these conditions."""
    plain = {condition: a_held() for condition in conditions}
    return Standing(reported=True, held=plain | {Condition(name): one for name, one in held.items()})
