"""All that is kept of one alarm: itself, when it last got worse, and its ladder."""

import msgspec

from alerts.rules.ladder import Ladder
from alerts.rules.ladder_times import EXPIRING
from alerts.rules.lifecycle import Case
from gascore.alarm import Alarm


class CaseFile(msgspec.Struct, frozen=True):
    """One alarm with its ladder, as stored. `worse_version`: see `alerts.rules.lifecycle.Case`."""

    alarm: Alarm
    worse_version: int = 1
    ladder: Ladder = Ladder()

    @property
    def due_ms(self) -> int | None:
        """When something is due without an event: the ladder's next step; of a silent one, the end of what hides it."""
        if self.ladder.due_ms is not None or self.alarm.closed_ms is not None:
            return self.ladder.due_ms
        ends = [one.until_ms for one in (self.alarm.shelf, self.alarm.cover) if one is not None]
        return min(ends, default=None)

    @property
    def case(self) -> Case:
        """What the life of the alarm needs."""
        return Case(self.alarm, self.worse_version)

    def with_case(self, case: Case) -> "CaseFile":
        """The same ladder, another state of the alarm."""
        return CaseFile(_with_facts_of(case.alarm, self.ladder), case.worse_version, self.ladder)

    def with_ladder(self, ladder: Ladder) -> "CaseFile":
        """The same alarm, another state of the ladder."""
        return CaseFile(_with_facts_of(self.alarm, ladder), self.worse_version, ladder)


def _with_facts_of(alarm: Alarm, ladder: Ladder) -> Alarm:
    """What only the ladder knows of answers: how many are missing, and when they count no more."""
    expires_ms = ladder.expires_ms if alarm.acked_ms is not None and ladder.phase in EXPIRING else None
    if (alarm.acks_missing, alarm.ack_expires_ms) == (ladder.acks_missing, expires_ms):
        return alarm
    return msgspec.structs.replace(alarm, acks_missing=ladder.acks_missing, ack_expires_ms=expires_ms)
