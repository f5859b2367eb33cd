"""A small town for stories about alarms: verbs, a moved clock, a real SQLite file, a fake phone network."""

import sqlite3
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import event

from alerts.adapters.console import Console
from alerts.ports import Books, Registry
from alerts.rules.audit import Grace, findings
from alerts.service.courier import Courier, HouseRules
from alerts.service.desk import Desk, Trouble
from alerts.service.grouping import Grouping, Limits
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import Alarm, AlarmCause, Notice, NoticeState
from gascore.journal import (
    AlarmStepped,
    BlindBegan,
    BlindEnded,
    BlindScope,
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Event,
    NoticeStepped,
    Reason,
    ReceiptReceived,
    ReplyReceived,
    Sample,
    TroubleBegan,
    TroubleEnded,
    UnknownLeak,
)
from gascore.operators import OperatorAction, OperatorAnswered, OperatorRequested, Outcome
from gascore.registry import Area, Detector, Duty, Ledger, Person, Role, Room, Site, SiteKind
from gascore.words import (
    AlarmId,
    AreaId,
    Condition,
    DetectorId,
    Level,
    PersonId,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)
from gaswatch.stores.audit import SqlAudit
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.engine import open_engine
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from support.clock import ManualClock
from support.phones import Phones

EventT = TypeVar("EventT")
ZONE: Final = ZoneInfo("Asia/Shanghai")
SITE: Final = SiteId("li")
PEOPLE: Final = {role: f"+86138000000{number:02}" for number, role in enumerate(Role, 1)}
NO_GRACE: Final = Grace(leak_ms=0, other_ms=0)


class AlarmTown:
    """One restaurant with a kitchen and a cylinder room, everybody on duty, alerts at work."""

    def __init__(self, folder: Path, ledger: Ledger | None = None) -> None:
        self.clock = ManualClock()
        self.start_ms = self.clock.now_ms()
        self.engine = open_engine(f"sqlite:///{folder / 'town.db'}")
        # The tests' kills are of the process, not of the power: no need to wait for the disk.
        event.listen(self.engine, "connect", _no_fsync)
        metadata.create_all(self.engine)
        self.registry = SqlRegistry(self.engine)
        self.registry.put(ledger or town(), by="test", at_ms=self.start_ms)
        self.journal = SqlJournal(self.engine)
        self.phones = Phones(self.clock, self.start_ms)
        self.audit = SqlAudit(self.engine)
        self.is_audited = True
        self.watched: dict[str, Trouble | None] = {}
        self.running = True
        self.limits = Limits()
        # The stories of single texts say when each of them leaves; bundles have their own.
        self.house_rules = HouseRules(bundle_ms=0)
        self._requests = 0
        self.restart()

    def restart(self, books: Books | None = None) -> None:
        """A new process over the same store."""
        books = books or SqlBooks(self.engine)
        self.desk = self.a_desk(books, self.registry)
        self.switchboard = Switchboard([Registered(self.phones), Registered(Console())], self.clock)
        self.courier = Courier(books, self.switchboard, self.house_rules)

    def a_desk(self, books: Books | None = None, registry: Registry | None = None) -> Desk:
        """A desk over the same store."""
        grouping = Grouping(SqlGroups(self.engine), self.limits)
        return Desk(books or SqlBooks(self.engine), registry or self.registry, ZONE, grouping)

    # --- what happens in the town --------------------------------------------------------------

    def say(self, *events: Event) -> None:
        """Append to the journal, as another service would, and let alerts work."""
        self.journal.append(list(events), self.clock.now_ms())
        self.settle()

    def leak(self, detector: str = "kitchen-1", *, lel: float = 12.0, late: bool = False) -> None:
        self.raised(
            Condition.LEAK, detector, level=Level.HIGH if lel >= 50 else Level.LOW, lel=lel, late=late
        )

    def raised(
        self,
        condition: Condition,
        detector: str = "kitchen-1",
        *,
        level: Level = Level.NONE,
        lel: float | None = None,
        late: bool = False,
        codes: tuple[str, ...] = (),
    ) -> None:
        now_ms = self.clock.now_ms()
        self.say(
            ConditionRaised(
                detector=DetectorId(detector),
                site=SITE,
                condition=condition,
                since_ms=now_ms,
                reason=Reason.REPORTED_STATE,
                level=level,
                sample=Sample(received_ms=now_ms, lel=lel),
                late=late,
                codes=codes,
            )
        )

    def becomes(
        self, level: Level, *, lel: float, detector: str = "kitchen-1", peak_lel: float | None = None
    ) -> None:
        now_ms = self.clock.now_ms()
        self.say(
            ConditionChanged(
                detector=DetectorId(detector),
                site=SITE,
                condition=Condition.LEAK,
                since_ms=now_ms,
                reason=Reason.REPORTED_STATE,
                level=level,
                sample=Sample(received_ms=now_ms, lel=lel),
                peak_lel=peak_lel,
            )
        )

    def clears(
        self,
        condition: Condition = Condition.LEAK,
        detector: str = "kitchen-1",
        *,
        peak_lel: float | None = None,
    ) -> None:
        now_ms = self.clock.now_ms()
        self.say(
            ConditionCleared(
                detector=DetectorId(detector),
                site=SITE,
                condition=condition,
                since_ms=now_ms,
                ended_ms=now_ms,
                reason=Reason.MESSAGE,
                peak_lel=peak_lel,
            )
        )

    def stranger_leaks(self, level: Level, detector: str = "ACME-0099") -> None:
        sample = Sample(received_ms=self.clock.now_ms(), lel=20.0)
        self.say(UnknownLeak(detector=DetectorId(detector), level=level, sample=sample))

    def goes_blind(self, name: str = "main") -> None:
        self.say(BlindBegan(scope=BlindScope.LINK, name=name, since_ms=self.clock.now_ms(), reason="refused"))

    def sees_again(self, name: str = "main") -> None:
        now_ms = self.clock.now_ms()
        self.say(
            BlindEnded(scope=BlindScope.LINK, name=name, since_ms=now_ms, ended_ms=now_ms, reason="refused")
        )

    def has_trouble(self, name: str, detail: str = "") -> None:
        self.say(TroubleBegan(name=name, since_ms=self.clock.now_ms(), detail=detail))

    def is_fine_again(self, name: str) -> None:
        now_ms = self.clock.now_ms()
        self.say(TroubleEnded(name=name, since_ms=now_ms, ended_ms=now_ms))

    def advance(self, seconds: float) -> None:
        """Let time pass; alerts wakes when it has said that it wants to, and looks for mail each second."""
        end_ms = self.clock.now_ms() + round(seconds * 1000)
        while self.clock.now_ms() < end_ms:
            wake_ms = self.settle() or end_ms
            next_ms = min(end_ms, max(wake_ms, self.clock.now_ms() + 1))
            self.clock.set(next_ms)
        self.settle()

    def settle(self) -> int | None:
        """Let desk and courier work until there is nothing to do now; returns when there will be."""
        if not self.running:
            return None
        while True:
            now_ms = self.clock.now_ms()
            if self.desk.needs_survey:
                self.desk.survey(now_ms)
            turned = self.desk.turn(now_ms, self.watched)
            taken = self.courier.take(now_ms, 100)
            for parcel in taken.parcels:
                self.courier.record(parcel, self.courier.carry_out(parcel, now_ms), now_ms)
            if not turned.more and not taken.parcels:
                self.audited(now_ms)
                wakes = [ms for ms in (turned.wake_ms, taken.wake_ms) if ms is not None]
                return min(wakes, default=None)

    def audited(self, now_ms: int) -> None:
        """Whenever desk and courier have nothing to do, an audit without any grace must find nothing."""
        assert not self.is_audited or findings(self.audit.look(now_ms), now_ms, NO_GRACE) == ()

    # --- people ------------------------------------------------------------------------------------

    def heard(self, role: Role) -> list[tuple[int, str]]:
        """What this person's phone got: (seconds since the start, text)."""
        return self.phones.inbox.get(PEOPLE[role], [])

    def heard_at(self, role: Role) -> list[int]:
        return [at for at, _ in self.heard(role)]

    def told(self) -> set[Role]:
        return {role for role in Role if self.heard(role)}

    def code(self, role: Role) -> str:
        """The reply code in the newest text that asks for an answer."""
        texts = [text for _, text in self.heard(role) if "回" in text and "接手" in text]
        return texts[-1].rsplit("回", 1)[1].removesuffix("接手")

    def reply(self, role: Role, body: str, provider_id: str | None = None) -> None:
        self._requests += 1
        self.say(
            ReplyReceived(
                channel="sms",
                provider_id=provider_id or f"IN{self._requests}",
                sender=PEOPLE[role],
                body=body,
            )
        )

    def receipt(self, provider_id: str, status: str, code: str | None = None) -> None:
        self.say(ReceiptReceived(channel="sms", provider_id=provider_id, status=status, code=code))

    def operator(
        self,
        action: OperatorAction,
        alarm: int = 1,
        *,
        seen_version: int | None = None,
        cause: AlarmCause | None = None,
    ) -> Outcome:
        """An operator asks; the answer from the journal."""
        return self.ask(
            OperatorRequested(
                request="",
                alarm=AlarmId(alarm),
                action=action,
                by="operator",
                seen_version=seen_version,
                cause=cause,
            )
        )

    def ask(self, wish: OperatorRequested) -> Outcome:
        """The same with everything that a request can say; its number is given here."""
        self._requests += 1
        request = f"r{self._requests}"
        self.say(msgspec.structs.replace(wish, request=request))
        answers = [e for e in self.events(OperatorAnswered) if e.request == request]
        assert len(answers) == 1
        return answers[0].outcome

    # --- what the journal says ---------------------------------------------------------------------

    def events(self, kind: type[EventT]) -> list[EventT]:
        entries = self.journal.after(0, 1_000_000)
        return [entry.event for entry in entries if isinstance(entry.event, kind)]

    def steps(self, alarm: int = 1) -> list[str]:
        return [e.step.value for e in self.events(AlarmStepped) if e.alarm.id == alarm]

    def alarm(self, alarm: int = 1) -> Alarm:
        return [e.alarm for e in self.events(AlarmStepped) if e.alarm.id == alarm][-1]

    def notices(self) -> dict[int, Notice]:
        """Every notice as the journal last said."""
        return {e.notice.id: e.notice for e in self.events(NoticeStepped)}

    def trouble(self, provider: str = "twilio_sms") -> Trouble | None:
        """What is wrong with a provider."""
        return self.switchboard.troubles(self.clock.now_ms())[provider]

    def states(self) -> list[NoticeState]:
        return [notice.state for notice in self.notices().values()]


def _no_fsync(connection: sqlite3.Connection, record: object) -> None:
    del record
    connection.execute("PRAGMA synchronous=OFF").close()


def town() -> Ledger:
    """The ledger of the town."""
    area = AreaId("grid")
    people = tuple(
        Person(id=PersonId(role.value), name=f"{role.value[:8]}", name_en=role.value, phone=phone)
        for role, phone in PEOPLE.items()
    )
    of_site = {Role.OWNER, Role.SAFETY_OFFICER, Role.MAINTENANCE, Role.SUPPLIER_DISPATCH, Role.GRID_WORKER}
    return Ledger(
        areas=(Area(area, "一格", "Grid 1"),),
        people=people,
        sites=(
            Site(
                id=SITE,
                name="李家面馆",
                name_en="Li's Noodles",
                short_name="李家面馆",
                short_name_en="Li's Noodles",
                kind=SiteKind.RESTAURANT,
                area=area,
                address="1 Main Street",
            ),
        ),
        rooms=(
            Room(RoomId("kitchen"), SITE, "厨房", "Kitchen", RoomKind.KITCHEN, SupplyGas.NATURAL_GAS),
            Room(RoomId("bottles"), SITE, "气瓶间", "Bottles", RoomKind.CYLINDER_ROOM, SupplyGas.LPG),
        ),
        detectors=(
            _detector(1, "kitchen-1", "kitchen", TargetGas.METHANE),
            _detector(2, "kitchen-2", "kitchen", TargetGas.METHANE),
            _detector(3, "bottles-1", "bottles", TargetGas.LPG),
        ),
        duties=tuple(
            Duty(person.id, Role(person.id), SITE if Role(person.id) in of_site else None)
            for person in people
        ),
    )


def _detector(no: int, key: str, room: str, target: TargetGas) -> Detector:
    return Detector(
        no=no,
        id=DetectorId(key),
        site=SITE,
        room=RoomId(room),
        model="T1",
        target=frozenset({target}),
        commissioned_ms=1,
    )
