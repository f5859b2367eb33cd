"""How far the escalation of an alarm has come, for the dashboard: read from what alerts keeps."""

from datetime import tzinfo
from typing import Final

import msgspec
from sqlalchemy import Engine, select

from alerts.rules.ladder_words import Ladder, Phase
from dashboard.rules.progress import Climb, ClimbStep
from gascore.alarm import AlarmKind
from gascore.escalation import Staff
from gascore.rehearsal import Line, rehearse
from gascore.words import AlarmId, PersonId, SiteId
from gaswatch.stores.engine import reading
from gaswatch.stores.rehearsal import staff_of
from gaswatch.stores.schema import alarm, escalation


class _Saved(msgspec.Struct, frozen=True):
    """What is shown of an escalation's row."""

    ladder: Ladder


_saved_of: Final = msgspec.json.Decoder(_Saved).decode


class SqlClimbs:
    """Implements `dashboard.ports.Climbs`. `zone` is the town's."""

    def __init__(self, engine: Engine, zone: tzinfo) -> None:
        self._engine = engine
        self._zone = zone

    def climb(self, wanted: AlarmId) -> Climb | None:
        """Where the escalation of an alarm stands; None: nothing, or nothing readable, is kept of it.

        Blocking. Raises `StoreDownError`.
        """
        query = select(alarm.c.kind, alarm.c.site, escalation.c.body).join_from(alarm, escalation)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(alarm.c.id == wanted)).first()
            if row is None:
                return None
            try:
                ladder = _saved_of(row.body).ladder.of_now(AlarmKind(row.kind))
            except (msgspec.MsgspecError, ValueError):
                return None  # the auditor tells of it; the page shows the rest
            site = None if row.site is None else SiteId(row.site)
            staff = staff_of(connection, site, self._zone)
        return _climb_of(ladder, staff, has_site=site is not None)


def _climb_of(ladder: Ladder, staff: Staff, *, has_site: bool) -> Climb:
    # What is held starts, if at all, when the hold is over.
    held_until_ms = ladder.due_ms if ladder.phase is Phase.HELD else None
    from_ms = ladder.started_ms if held_until_ms is None else held_until_ms
    lines = rehearse(ladder.chain, staff, from_ms)
    steps = tuple(
        ClimbStep(
            number=number,
            at_ms=from_ms + rung.after_ms,
            acks=rung.acks,
            whom=rung.whom,
            channels=tuple(one.value for one in rung.channels),
            lines=tuple(one for one in lines if one.step == number and (has_site or _is_somebody(one))),
        )
        for number, rung in enumerate(ladder.rungs, 1)
    )
    return Climb(
        phase=ladder.phase.value,
        policy=ladder.chain.policy,
        version=ladder.chain.version,
        rung=ladder.rung,
        steps=steps,
        due_ms=ladder.due_ms,
        repeat_s=ladder.chain.repeat_s,
        acks=tuple(_name(staff, one) for one in ladder.acks),
        acks_needed=ladder.acks_needed,
        expires_ms=ladder.expires_ms,
    )


def _is_somebody(line: Line) -> bool:
    """Of a group the people near it are told: of whom the ledger says nothing here, nothing is said."""
    return line.why is None


def _name(staff: Staff, who: str) -> str:
    person = staff.person(PersonId(who))
    return person.name if person else who
