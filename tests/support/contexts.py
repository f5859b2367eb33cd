"""Contexts of every page as bad as they get: the longest names, markup in them, nothing known, everything broken."""

from collections.abc import Callable, Mapping
from datetime import UTC

import msgspec

from dashboard.adapters import views, views_system, views_upkeep
from dashboard.ports import Contact
from dashboard.rules.kpi import figures
from dashboard.rules.places import Place
from dashboard.rules.rows import OutageRow, SystemRow, SystemState
from dashboard.rules.tally import Scope, Tally
from dashboard.rules.uptime import DetectorUptime, Figures, Seconds, SiteUptime, UptimeReport
from gascore.alarm import AlarmKind, GroupKind
from gascore.contacts import Reachability
from gascore.correction import Corrected
from gascore.registry import Area, Person, SiteKind
from gascore.service_status import MessageCounts
from gascore.thresholds import DEFAULTS
from gascore.windows import PlaceKind, Weekly
from gascore.words import (
    AlarmId,
    AreaId,
    Condition,
    DetectorId,
    Language,
    Level,
    PersonId,
    Protection,
    ReportedState,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)
from support.contexts_places import a_site, an_alarm
from support.rows import LONG_EN, LONG_ZH, SYSTEM, a_busy_town, counts_of

NOW_MS = 1_795_000_000_000
EVIL = "<script>alert('川')</script>&\"</script><!--"
DAY_MS = 86_400_000


def contexts(
    language: Language, asset: Callable[[str], str], *, name: str = LONG_ZH, name_en: str = LONG_EN
) -> Mapping[str, Mapping[str, object]]:
    """Template -> its context, with `name` wherever people type names."""
    base: dict[str, object] = {
        "user": views.UserView("operator", name, "operator", language, may_act=True),
        "path": "/",
        "asset": asset,
        "now_ms": NOW_MS,
        "zone": "Asia/Shanghai",
    }
    own: dict[str, dict[str, object]] = {
        views.LOGIN: {"user": None, "error": "too_many", "retry_s": 65, "name": name, "next": f"/?q={name}"},
        views.CONSOLE: _console(name, name_en),
        views.DETECTORS: _detectors(name, name_en),
        views.DETECTOR: _detector(name, name_en),
        views.INSIDE: _inside(name, name_en),
        views.PROTECTION: _protection(name, name_en),
        views.SYSTEM: _system(name),
        views.UPKEEP: _upkeep(name, name_en),
        views.CONTACTS: _contacts(name, name_en),
        views.WINDOWS: _windows(name, name_en),
        views.PROBLEM: {"status": 404, "detail": name},
        views.ALARM: an_alarm(name, name_en, NOW_MS),
        views.SITE: a_site(
            tuple(_line(name, name_en, number) for number in range(1, 20)),
            _some_windows(name, name_en),
            _a_hazard(name, name_en),
            NOW_MS,
        ),
    }
    return {template: base | context for template, context in own.items()}


def _a_hazard(name: str, name_en: str) -> views_upkeep.HazardItem:
    return views_upkeep.HazardItem(
        id=7,
        alarm=AlarmId(3),
        kind=AlarmKind.FAULT,
        since_ms=NOW_MS - 9 * DAY_MS,
        opened_ms=NOW_MS - 8 * DAY_MS,
        deadline_ms=NOW_MS - DAY_MS,
        site=SiteId("s1"),
        detector=DetectorId("GD-0003"),
        overdue=True,
        site_name=name,
        site_name_en=name_en,
    )


def _upkeep(name: str, name_en: str) -> dict[str, object]:
    tallied = Tally(Scope(NOW_MS - 7 * DAY_MS, NOW_MS), {}, UTC).result()
    return {
        "hazards": (_a_hazard(name, name_en),),
        "next_before": 7,
        "operators": 2,
        "figures": figures(tallied, 2),
        "tallied": tallied,
    }


def _some_windows(name: str, name_en: str) -> tuple[views_upkeep.WindowItem, ...]:
    window = views_upkeep.WindowItem(
        id="w1",
        place=PlaceKind.SITE,
        at="s1",
        person=PersonId("p1"),
        by="operator",
        reason=name,
        from_ms=NOW_MS - DAY_MS,
        until_ms=NOW_MS + 30 * DAY_MS,
        weekly=Weekly(frozenset({1, 7}), "22:00", "06:00"),
        passes=frozenset({AlarmKind.FAULT}),
        gas_test=True,
        place_name=name,
        place_name_en=name_en,
        person_name=name,
        running_until_ms=NOW_MS + DAY_MS,
        next_ms=None,
    )
    coming = msgspec.structs.replace(window, id="w2", running_until_ms=None, next_ms=NOW_MS + DAY_MS)
    over = msgspec.structs.replace(window, id="w3", running_until_ms=None, weekly=None, gas_test=False)
    return window, coming, over


def _windows(name: str, name_en: str) -> dict[str, object]:
    return {
        "windows": _some_windows(name, name_en),
        "people": (Person(PersonId("p1"), name, name_en, "+8613800000001"),),
        "places": (Place(PlaceKind.SITE, "s1", name, name_en),),
        "kinds": (AlarmKind.FAULT, AlarmKind.OFFLINE),
        "before_id": " · ",
        "changed": None,
        "form": views_upkeep.WindowForm(where=name, reason=name, days=(1,), passes=("fault",), gas_test=True),
        "error": "say the reason.",
    }


def _contacts(name: str, name_en: str) -> dict[str, object]:
    site = views.SiteName(SiteId("s1"), name, name_en)
    contact = Contact(
        person=PersonId("p1"),
        name=name,
        name_en=name_en,
        phone_end="0001",
        sites=(SiteId("s1"),) * 5,
        state=Reachability.UNREACHABLE,
        since_ms=NOW_MS - DAY_MS,
        why="stopped",
        by="",
        proven_ms=NOW_MS - 9 * DAY_MS,
        tested_ms=None,
    )
    return {
        "people": (views.ContactLine(contact, (site,) * 5),),
        "unreached": (views.UnreachedSite(site, NOW_MS - DAY_MS),),
        "unreached_count": 7,
        "states": tuple(Reachability),
        "state": Reachability.UNREACHABLE,
        "next_after": "p1",
    }


def _inside(name: str, name_en: str) -> dict[str, object]:
    rows = _console(name, name_en)["rows"]
    assert isinstance(rows, tuple)
    outage = OutageRow(GroupKind.AREA, "a", name, name_en, 1_000_000, 1_000_000, 1_000_000, ())
    group = msgspec.structs.replace(rows[0], kind=AlarmKind.OUTAGE, outage=outage)
    return {"alarm": group, "rows": rows, "next_after": AlarmId(7)}


def _console(name: str, name_en: str) -> dict[str, object]:
    rows = tuple(
        msgspec.structs.replace(row, site_name=name, site_name_en=name_en, address=name)
        for row in a_busy_town(NOW_MS)
    )
    return {"rows": rows, "counts": counts_of(rows), "system": SYSTEM, "seq": 7}


def _line(name: str, name_en: str, number: int) -> views.DetectorLine:
    return views.DetectorLine(
        no=number,
        id=DetectorId(f"GD-{number:04}"),
        model=name,
        site=SiteId("s1"),
        site_name=name,
        site_name_en=name_en,
        room_name="瓶组间",
        room_name_en="Cylinder room",
        room_kind=RoomKind.CYLINDER_ROOM,
        supply_gas=SupplyGas.MINE_GAS,
        target=None if number % 2 else (TargetGas.LPG, TargetGas.CO),
        protection=list(Protection)[number % len(Protection)],
        conditions=tuple(Condition)[: number % 4],
    )


def _detectors(name: str, name_en: str) -> dict[str, object]:
    return {
        "lines": tuple(_line(name, name_en, number) for number in range(1, 20)),
        "counts": {"protected": 12_345, "offline": 3},
        "q": name,
        "state": "offline",
        "total": 12_348,
        "next_after": "GD-0019",
    }


def _detector(name: str, name_en: str) -> dict[str, object]:
    raised: dict[str, object] = {
        "detector": "GD-0003",
        "condition": "leak",
        "level": 2,
        "reason": "over_set_point",
        "codes": [name],
    }
    stepped: dict[str, object] = {"alarm": {"kind": "leak"}, "step": "acked", "by": name, "note": name}
    noticed: dict[str, object] = {
        "notice": {"role": "owner", "channel": "sms", "purpose": "raised", "state": "delivered"}
    }
    events: tuple[tuple[str, dict[str, object]], ...] = (
        ("condition.raised", raised | {"sample": {"lel": 52.0, "corrected_lel": 91.0}}),
        ("alarm.stepped", stepped),
        ("notice.stepped", noticed),
        ("something.new", {"detector": "GD-0003"}),
    )
    return {
        "line": _line(name, name_en, 3),
        "site_kind": SiteKind.BOTTLE_STATION,
        "address": name,
        "opens": "09:00",
        "closes": "02:00",
        "every_s": 10.0,
        "figures": DEFAULTS,
        "own_set_points": False,
        "commissioned_ms": NOW_MS - 400 * DAY_MS,
        "retired_ms": None,
        "accepted_ms": None,
        "gateway": name,
        "last": views.LastReading(NOW_MS, ReportedState.HIGH, 52.0, None, Corrected(84.2, 91.0)),
        "last_problem": None,
        "missing": views.Missing(7, NOW_MS - DAY_MS),
        "conditions": (views.ConditionLine(Condition.LEAK, Level.HIGH, NOW_MS, "over_set_point", (name,)),),
        "alarms": a_busy_town(NOW_MS)[:1],
        "entries": tuple(views.EntryLine(i, NOW_MS, kind, event) for i, (kind, event) in enumerate(events)),
        "from_ms": NOW_MS - DAY_MS,
        "to_ms": NOW_MS,
        "readings_url": "/api/v1/detectors/GD-0003/readings?from=1&to=2&every=60",
    }


def _protection(name: str, name_en: str) -> dict[str, object]:
    seconds = Seconds(offline=3_700, unmonitored=60, unfit=86_400, fault=30, protected=514_610)
    figures = Figures(seconds, Seconds(protected=1))
    rows = (DetectorUptime(DetectorId("GD-0001"), figures),)
    sites = tuple(
        SiteUptime(SiteId(f"s{i}"), name, name_en, AreaId("a1"), name, name_en, rows if i else (), figures if i else Figures())
        for i in range(3)
    )  # fmt: skip
    report = UptimeReport(
        NOW_MS - 7 * DAY_MS, NOW_MS, NOW_MS, NOW_MS, 123_456, "Asia/Shanghai", 1800.0, None, sites, figures
    )
    return {
        "from_day": "2026-11-18",
        "to_day": "2026-11-24",
        "area": "a1",
        "areas": (Area(AreaId("a1"), name, name_en),),
        "report": report,
        "error": None,
        "csv_url": "/protection.csv?from=2026-11-18&to=2026-11-24",
    }


def _system(name: str) -> dict[str, object]:
    return {
        "system": (*SYSTEM, SystemRow("link main", SystemState.DOWN, name)),
        "services": (
            views_system.ServiceLine("collector", 12, NOW_MS - DAY_MS, 900, {"main": name}, {"series": name}),
        ),
        "messages": MessageCounts(1_000_000, 999_000, 500, 400, 90, 10),
        "rejected_by": {"not_json": 400},
        "latency": (
            views_system.LatencyLine("collector", "journal", 10, 0.01, 0.05),
            views_system.LatencyLine("alerts", "handed_over", 3, 0.5, None),
            views_system.LatencyLine("dashboard", "screen", 0, None, None),
        ),
        "canaries": (
            views_system.CanaryLine(
                name, name, NOW_MS, ok=False, why=name, stations={"journal": 0.1, "opened": None}
            ),
        ),
        "quarantine": (
            views_system.QuarantineLine(1, NOW_MS, "gas/1/x/status", None, "not_json", name, name),
        ),
        "journal_id": 123_456,
        "journal_lag": 0,
    }
