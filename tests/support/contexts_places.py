"""Contexts of the pages of one alarm and of one site, as bad as they get."""

import msgspec

from dashboard.adapters import views, views_places, views_upkeep
from dashboard.adapters.api.alarms import AlarmItem
from dashboard.ports import Contact, Keeper
from dashboard.rules.progress import Climb, ClimbStep
from gascore.alarm import AlarmCause, ChannelKind, FalseTrigger, Suppression
from gascore.contacts import Reachability
from gascore.escalation import Why
from gascore.policy import Target, TargetKind
from gascore.registry import Area, Role, Room, Site, SiteKind
from gascore.rehearsal import Line
from gascore.words import AreaId, Level, PersonId, RoomId, RoomKind, SiteId, SupplyGas
from support.rows import a_busy_town

DAY_MS = 86_400_000


def an_alarm(name: str, name_en: str, now_ms: int) -> dict[str, object]:
    """Two of three have answered, the chain climbs on, and nobody of the site can be reached."""
    row = msgspec.structs.replace(
        a_busy_town(now_ms)[0],
        site_name=name,
        site_name_en=name_en,
        address=name,
        loud=True,
        owner=name,
        hazard_ms=now_ms + DAY_MS,
        corrected_lel=91.0,
        suppression=Suppression.GAS_TEST,
        suppressed_until_ms=now_ms + DAY_MS,
        suppressed_by=name,
        suppressed_reason=name,
        count=7,
        acked_by=name,
        acked_ms=now_ms,
    )
    item = AlarmItem(
        **msgspec.structs.asdict(row),
        closed_by=None,
        closed_ms=None,
        cause=None,
        trigger=None,
        note="",
        active=True,
        first_level=Level.LOW,
        last_ms=now_ms,
        recorded_by=None,
    )
    steps = tuple(_step(number, name, name_en, now_ms) for number in (1, 2, 3))
    climb = Climb("climbing", name, 3, 1, steps, now_ms + 60_000, 300.0, (name, name), 3, now_ms + DAY_MS)
    events: tuple[tuple[str, dict[str, object]], ...] = (
        ("alarm.stepped", {"alarm": {"kind": "leak"}, "step": "acked", "by": name, "note": name}),
        (
            "notice.stepped",
            {"notice": {"role": "owner", "channel": "sms", "purpose": "raised", "state": "refused"}},
        ),
    )
    return {
        "alarm": item,
        "climb": climb,
        "next": steps[2],
        "entries": tuple(views.EntryLine(i, now_ms, kind, event) for i, (kind, event) in enumerate(events)),
        "unreached_ms": now_ms - DAY_MS,
    }


def a_closed_alarm(name: str, name_en: str, now_ms: int) -> dict[str, object]:
    """The same, closed: nothing further happens."""
    context = an_alarm(name, name_en, now_ms)
    item = context["alarm"]
    assert isinstance(item, AlarmItem)
    closed = msgspec.structs.replace(
        item,
        closed_by=name,
        closed_ms=now_ms,
        cause=AlarmCause.FALSE_ALARM,
        trigger=FalseTrigger.STEAM,
        note=name,
        loud=False,
    )
    return context | {"alarm": closed, "climb": None, "next": None, "unreached_ms": None}


def _step(number: int, name: str, name_en: str, now_ms: int) -> ClimbStep:
    target = Target(TargetKind.ROLE, Role.OWNER.value)
    somebody = Line(
        step=number,
        after_s=0,
        at_ms=now_ms,
        role=Role.OWNER.value,
        person=PersonId("p1"),
        name=name,
        name_en=name_en,
        channel=ChannelKind.VOICE,
        address="…0001",
        instead=number > 1,
    )
    nobody = Line(
        step=number,
        after_s=0,
        at_ms=now_ms,
        role=TargetKind.ROLE.value,
        target=Role.DUTY_OFFICER.value,
        why=Why.NOBODY_HAS_THE_ROLE,
    )
    lines = () if number == 1 else (somebody, nobody)
    return ClimbStep(number, now_ms, number, (target,), ("sms", "voice"), lines)


def a_site(
    lines: tuple[views.DetectorLine, ...],
    windows: tuple[views_upkeep.WindowItem, ...],
    hazard: views_upkeep.HazardItem,
    now_ms: int,
) -> dict[str, object]:
    """One room without a detector, one with many in every state; nobody can be reached."""
    name, name_en = lines[0].site_name, lines[0].site_name_en
    site = Site(
        id=SiteId("s1"),
        name=name,
        name_en=name_en,
        short_name="s1",
        short_name_en="s1",
        kind=SiteKind.BOTTLE_STATION,
        area=AreaId("a1"),
        address=name,
        opens="09:00",
        closes="02:00",
    )
    contact = Contact(
        person=PersonId("p1"),
        name=name,
        name_en=name_en,
        phone_end="0001",
        sites=(site.id,),
        state=Reachability.UNREACHABLE,
        since_ms=now_ms - DAY_MS,
        why="stopped",
        by="",
        proven_ms=None,
        tested_ms=None,
    )
    rooms = tuple(
        Room(RoomId(f"r{i}"), site.id, name, name_en, RoomKind.CYLINDER_ROOM, SupplyGas.MINE_GAS)
        for i in (1, 2)
    )
    return {
        "site": site,
        "area": Area(AreaId("a1"), name, name_en),
        "unreached_ms": now_ms - DAY_MS,
        "rooms": (
            views_places.RoomLine(rooms[0], ()),
            views_places.RoomLine(rooms[1], tuple(views_places.Hung(one, 4.5) for one in lines)),
        ),
        "more": True,
        "measured": False,
        "alarms": a_busy_town(now_ms),
        "people": (Keeper(contact, (Role.OWNER, Role.SAFETY_OFFICER)),),
        "hazards": (hazard,),
        "more_hazards": True,
        "windows": windows,
        "new_window": f"{name} · s1",
    }
