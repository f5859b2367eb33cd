"""Whatever comes in whatever order, and however often the process dies: what the collector must never allow."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from collector.ports import Arrival
from collector.service.batch import STRANGERS
from collector.service.fleet import Fleet
from collector.service.intake import Intake
from gascore.journal import (
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Event,
    FirstReport,
    UnknownLeak,
)
from gascore.registry import Placed
from gascore.words import Condition, DetectorId, Level, ReportedState, SupplyGas
from support.collector_words import LIMITS, T0, a_payload, a_placed

KNOWN = ("D1", "D2", "D3")
names = st.sampled_from([*KNOWN, "X1"])
statuses = st.fixed_dictionaries(
    {"state": st.sampled_from([str(state) for state in ReportedState])},
    optional={
        "lel": st.sampled_from([0.0, 24.0, 30.0, 60.0, 101.0]),
        "co": st.sampled_from([10.0, 400.0]),
        "gas": st.sampled_from(["methane", "lpg", "co", "?"]),
        "faults": st.lists(st.sampled_from(["E1", "E2"]), max_size=2).map(tuple),
        "batt": st.sampled_from([5.0, 22.0, 90.0]),
        "life": st.sampled_from([-1, 0, 300]),
        "every": st.sampled_from([1.0, 10.0, 600.0]),
    },
)


class Reader:
    """What a reader of the journal knows; it fails on any contradiction."""

    def __init__(self) -> None:
        self.held: dict[tuple[DetectorId, Condition], int] = {}
        self.reported: set[DetectorId] = set()
        self.strangers: dict[DetectorId, Level] = {}
        self.left: set[str] = set()
        """They were out of the ledger in between, and may report for the first time once more."""

    def after(self, events: Sequence[Event]) -> "Reader":
        """A reader who knows these events, too."""
        later = Reader()
        later.held, later.reported = dict(self.held), set(self.reported)
        later.strangers, later.left = dict(self.strangers), self.left
        for event in events:
            later.read(event)
        return later

    def read(self, event: Event) -> None:
        match event:
            case ConditionRaised():
                assert (event.detector, event.condition) not in self.held, "raised twice"
                self.held[event.detector, event.condition] = event.since_ms
            case ConditionChanged():
                assert self.held[event.detector, event.condition] == event.since_ms
            case ConditionCleared():
                assert self.held.pop((event.detector, event.condition)) == event.since_ms
                assert event.ended_ms >= event.since_ms
            case FirstReport():
                assert event.detector not in self.reported - self.left
                self.reported.add(event.detector)
            case UnknownLeak():
                assert event.level != self.strangers.get(event.detector, Level.NONE), "told twice"
                self.strangers[event.detector] = event.level
            case _:
                pass


class Process(RuleBasedStateMachine):
    """One intake after the other on the same store; `commit` is the only thing that outlives `die`."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = T0
        self.ledger = {name: a_placed(name, no) for no, name in enumerate(KNOWN, 1)}
        self.saved: dict[int, bytes] = {}
        self.stored = Reader()
        self.seq = dict.fromkeys([*KNOWN, "X1"], 0)
        self.unacknowledged: list[Arrival] = []
        self.start()

    def start(self) -> None:
        self.fleet = Fleet(LIMITS, self.now_ms)
        self.intake = Intake(self.fleet, links=1)
        self.fleet.start(
            self.placed(),
            sorted((no, body) for no, body in self.saved.items() if no > 0),
            self.intake.batch,
            self.now_ms,
        )
        self.intake.resume(self.saved.get(STRANGERS), self.now_ms)

    def placed(self) -> list[Placed]:
        return sorted(self.ledger.values(), key=lambda one: one.no)

    def take(self, arrival: Arrival) -> None:
        self.unacknowledged.append(arrival)
        self.intake.take(0, arrival)

    def send(self, topic: str, payload: bytes, **marks: bool) -> None:
        plain = {"retained": False, "duplicate": False}
        self.take(Arrival(self.now_ms, topic, payload, token=1, **(plain | marks)))

    @rule(
        name=names,
        fields=statuses,
        skip=st.sampled_from([1, 1, 1, 2, 0, -1, -100]),
        behind_ms=st.sampled_from([0, 0, 0, 500, 200_000, 4_000_000, -4_000_000]),
        bare=st.booleans(),
        duplicate=st.booleans(),
    )
    def reports(
        self, *, name: str, fields: dict[str, Any], skip: int, behind_ms: int, bare: bool, duplicate: bool
    ) -> None:
        self.seq[name] = max(self.seq[name] + skip, 0)
        more: dict[str, Any] = {} if bare else {"seq": self.seq[name], "ts": self.now_ms - behind_ms}
        self.send(f"gas/1/{name}/status", a_payload(**(fields | more)), duplicate=duplicate)

    @rule(
        name=names,
        payload=st.sampled_from([b"0", b"1", b"2"]),
        retained=st.booleans(),
        duplicate=st.booleans(),
    )
    def connects(self, *, name: str, payload: bytes, retained: bool, duplicate: bool) -> None:
        self.send(f"gas/1/{name}/online", payload, retained=retained, duplicate=duplicate)

    @rule(
        topic=st.sampled_from(
            ["gas/1/D1/status", "gas/1/D1/ack", "gas/1/X1/status", "gas/1/D1/cmd", "x", ""]
        ),
        payload=st.one_of(st.binary(max_size=40), st.sampled_from([b"{}", b'{"state":"high","lel":NaN}'])),
        retained=st.booleans(),
    )
    def talks_nonsense(self, *, topic: str, payload: bytes, retained: bool) -> None:
        self.send(topic, payload, retained=retained)

    @rule(seconds=st.sampled_from([0, 1, 30, 100, 400, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += seconds * 1000
        self.fleet.miss(self.intake.batch, self.now_ms, 1000)

    @rule()
    def blindness_ends(self) -> None:
        self.fleet.supervisor.restart(self.now_ms)

    @rule(
        name=st.sampled_from(KNOWN),
        change=st.sampled_from(
            [
                None,
                {"no": 9},
                {"supply_gas": SupplyGas.LPG},
                {"retired_ms": T0},
                {"commissioned_ms": None},
                {},
            ]
        ),
        whole=st.booleans(),
    )
    def ledger_changes(self, *, name: str, change: dict[str, Any] | None, whole: bool) -> None:
        if change is None:
            self.ledger.pop(name, None)
            self.stored.left.add(name)
        elif not (change.get("no") == 9 and any(one.no == 9 for one in self.ledger.values())):
            self.ledger[name] = a_placed(name, **({"no": KNOWN.index(name) + 1} | change))
        part = [one for one in self.placed() if whole or one.id == name]
        found = self.fleet.compare(part, None if whole else [name])
        self.fleet.follow(found, self.intake.batch, self.now_ms)
        for one in (*found.moved, *found.others):
            self.intake.meet(one.id, self.now_ms)
        assert self.fleet.compare(self.placed(), None) == ([], [], []), "the part was not the whole"

    @rule(acknowledges=st.booleans())
    def commits(self, *, acknowledges: bool) -> None:
        batch = self.intake.close()
        recording = batch.recording(self.now_ms)
        if recording is not None:
            self.stored = self.stored.after(list(recording.events))
            self.saved |= recording.states
        self.intake.account.settle(batch)
        if acknowledges:
            self.unacknowledged.clear()

    @rule()
    def dies_and_hears_again_what_it_did_not_acknowledge(self) -> None:
        again, self.unacknowledged = self.unacknowledged, []
        self.start()
        for one in again:
            self.take(Arrival(self.now_ms, one.topic, one.payload, one.retained, duplicate=True, token=1))

    @invariant()
    def every_message_has_one_outcome(self) -> None:
        counts = self.intake.account.counts
        assert counts.residual == 0
        assert counts.pending == self.intake.batch.messages

    @invariant()
    def the_journal_says_what_the_collector_knows(self) -> None:
        reader = self.stored.after(self.intake.batch.events)
        known = {
            (watch.placed.id, condition): held.since_ms
            for watch in self.fleet.watches.values()
            for condition, held in watch.standing.held.items()
        }
        assert reader.held == known

    @invariant()
    def the_counts_by_state_add_up(self) -> None:
        counts = self.fleet.tally.counts(blind=False)
        assert sum(counts.values()) == len(self.ledger)
        assert min(counts.values()) >= 0


TestProcess = Process.TestCase
