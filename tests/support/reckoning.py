"""What became of every message of a load, by number: the broker's word against stores and journal."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from gascore.journal import BlindEnded, ConditionCleared, ConditionRaised, Entry
from gascore.words import Condition
from simulator.rules.flood import Sent

Number = tuple[int, int]
"""(who, seq): one message. `who` is the detector's index in the load."""


@dataclass
class Taken:
    """Every message that the broker has taken over, as its PUBACKs say."""

    by_number: dict[Number, Sent] = field(default_factory=dict)

    def __call__(self, batch: Sequence[Sent]) -> None:
        """To be given to `Flood` as `acked`."""
        for one in batch:
            self.by_number[one.who, one.seq] = one

    def leaks(self) -> list[list[Sent]]:
        """The messages of each leak, in order."""
        high: dict[int, list[Sent]] = defaultdict(list)
        for one in sorted(self.by_number.values()):
            if one.level:
                high[one.who].append(one)
        found: list[list[Sent]] = []
        for sent in high.values():
            found.append([sent[0]])
            for before, one in pairwise(sent):
                if one.seq == before.seq + 1:
                    found[-1].append(one)
                else:
                    found.append([one])
        return found


@dataclass
class Reckoning:
    """The account; every list but `blind` should be empty."""

    taken: int
    leaks: int
    lost: list[Number]
    """Taken over by the broker, and nowhere with us."""
    invented: list[tuple[int, int]]
    """(who, instant): in the time series, and never sent."""
    doubled: list[int]
    """Whose readings are there twice."""
    leaks_lost: list[Number]
    """Leaks, by their first message, of which the journal does not know."""
    leaks_twice: list[Number]
    leaks_invented: list[ConditionRaised]
    leaks_open: list[Number]
    """Over, and never cleared."""
    offline: list[ConditionRaised]
    """Of detectors that went on reporting."""
    blind: list[BlindEnded]

    @property
    def faults(self) -> dict[str, list[Any]]:
        """What must not be: lost, invented or twice; empty when all is well."""
        told = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"taken", "leaks", "blind"}
        }
        return {name: found for name, found in told.items() if found}

    def summary(self) -> dict[str, int]:
        """The account in numbers."""
        return {
            "messages taken over by the broker": self.taken,
            "of these lost": len(self.lost),
            "readings invented": len(self.invented),
            "detectors with a reading twice": len(self.doubled),
            "leaks sent": self.leaks,
            "leaks lost": len(self.leaks_lost),
            "leaks told twice": len(self.leaks_twice),
            "leaks invented": len(self.leaks_invented),
            "leaks never cleared": len(self.leaks_open),
            "false offline": len(self.offline),
            "spells of blindness booked": len(self.blind),
        }


def reckon(
    taken: Taken,
    names: Sequence[str],
    stored: Sequence[Sequence[int]],
    refused: set[Number],
    entries: Iterable[Entry],
) -> Reckoning:
    """Compare.

    Args:
        taken: what the broker has acknowledged.
        names: the load's detectors, by index.
        stored: instants of each detector's readings.
        refused: messages in quarantine.
        entries: the whole journal.
    """
    kept = [set(instants) for instants in stored]
    sent: list[set[int]] = [set() for _ in names]
    for one in taken.by_number.values():
        sent[one.who].add(one.ts)
    events = [entry.event for entry in entries]
    raised = [e for e in events if isinstance(e, ConditionRaised)]
    leaks = taken.leaks()
    told, invented = _told(leaks, names, raised)
    cleared = {
        (e.detector, e.since_ms)
        for e in events
        if isinstance(e, ConditionCleared) and e.condition is Condition.LEAK
    }
    newest = {who: max(one.seq for one in taken.by_number.values() if one.who == who) for who in _who(leaks)}
    went_on = {names[who]: max(instants, default=0) for who, instants in enumerate(sent)}
    return Reckoning(
        taken=len(taken.by_number),
        leaks=len(leaks),
        lost=sorted(
            number
            for number, one in taken.by_number.items()
            if one.ts not in kept[one.who] and number not in refused
        ),
        invented=[(who, at) for who, instants in enumerate(kept) for at in sorted(instants - sent[who])],
        doubled=[who for who, instants in enumerate(stored) if len(instants) != len(kept[who])],
        leaks_lost=[_first(leak) for leak, events_ in zip(leaks, told, strict=True) if not events_],
        leaks_twice=[_first(leak) for leak, events_ in zip(leaks, told, strict=True) if len(events_) > 1],
        leaks_invented=invented,
        leaks_open=[
            _first(leak)
            for leak, events_ in zip(leaks, told, strict=True)
            if leak[-1].seq < newest[leak[0].who]
            and any((one.detector, one.since_ms) not in cleared for one in events_)
        ],
        offline=[
            e
            for e in raised
            if e.condition is Condition.NEVER_REPORTED
            or (e.condition is Condition.OFFLINE and went_on.get(e.detector, 0) > e.since_ms)
        ],
        blind=[e for e in events if isinstance(e, BlindEnded)],
    )


def _told(
    leaks: Sequence[Sequence[Sent]], names: Sequence[str], raised: Iterable[ConditionRaised]
) -> tuple[list[list[ConditionRaised]], list[ConditionRaised]]:
    """What the journal says of each leak; and what it says of leaks that there were not."""
    told: list[list[ConditionRaised]] = [[] for _ in leaks]
    of: dict[str, list[int]] = defaultdict(list)
    for at, leak in enumerate(leaks):
        of[names[leak[0].who]].append(at)
    invented = []
    for event in raised:
        if event.condition is not Condition.LEAK:
            continue
        for at in of[event.detector]:
            if leaks[at][0].ts <= event.since_ms <= leaks[at][-1].ts:
                told[at].append(event)
                break
        else:
            invented.append(event)
    return told, invented


def _first(leak: Sequence[Sent]) -> Number:
    return leak[0].who, leak[0].seq


def _who(leaks: Iterable[Sequence[Sent]]) -> set[int]:
    return {leak[0].who for leak in leaks}
