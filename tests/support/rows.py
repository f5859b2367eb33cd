"""Builders of what the console shows, with honest defaults; and the longest names that a town has."""

from typing import Any

from dashboard.rules.board import SILENT
from dashboard.rules.rows import Counts, NoticeRow, Row, SystemRow, SystemState
from gascore.alarm import AlarmKind, AlarmStatus, NoticePurpose, NoticeState
from gascore.words import AlarmId, DetectorId, Level, NoticeId, PersonId, Priority, SiteId, SupplyGas

LONG_ZH = "兴隆镇老街坊正宗川味柴火鸡串串香火锅总店（北门分店）"
LONG_EN = "The Old Neighbours' Genuine Sichuan Firewood Chicken and Hotpot Main Restaurant, North Gate"


def a_row(number: int, now_ms: int, **changes: Any) -> Row:  # noqa: ANN401  # any field of a Row
    """A high leak in a kitchen, not acknowledged, raised at `now_ms`."""
    fields: dict[str, Any] = {
        "id": AlarmId(number),
        "version": 1,
        "status": AlarmStatus.UNACKED_ACTIVE,
        "kind": AlarmKind.LEAK,
        "priority": Priority.URGENT,
        "level": Level.HIGH,
        "peak_level": Level.HIGH,
        "lel": 52.0,
        "peak_lel": 61.0,
        "detector": DetectorId(f"GD-{number:04}"),
        "site": SiteId(f"s{number}"),
        "site_name": "川味小馆",
        "site_name_en": "Sichuan Corner",
        "room_name": "后厨",
        "room_name_en": "Kitchen",
        "address": "解放路 12 号",
        "supply_gas": SupplyGas.NATURAL_GAS,
        "opened_ms": now_ms,
        "changed_ms": now_ms,
        "since_ms": now_ms,
        "received_ms": now_ms,
        "acked_by": None,
        "acked_ms": None,
        "count": 1,
        "late": False,
        "codes": (),
        "notices": (),
        "rung": 0,
    }
    return Row(**{**fields, **changes})


def a_notice(number: int, at_ms: int, person: str, role: str, state: NoticeState) -> NoticeRow:
    """A text about a new alarm."""
    who = PersonId(f"p{number}")
    return NoticeRow(NoticeId(number), person, role, "sms", NoticePurpose.RAISED, state, at_ms, who)


def counts_of(rows: tuple[Row, ...]) -> Counts:
    """As the board counts; 240 detectors, of which some don't protect."""
    loud = [row for row in rows if row.suppression not in SILENT]
    return Counts(
        by_priority={str(p): sum(1 for row in loud if row.priority == p) for p in (1, 2, 3, 4)},
        unacked=sum(1 for row in loud if row.acked_ms is None),
        hazards=sum(1 for row in rows if row.hazard_ms is not None),
        silent=len(rows) - len(loud),
        detectors={"protected": 231, "unfit": 2, "fault": 1, "offline": 5, "warming_up": 1},
    )


SYSTEM = tuple(
    SystemRow(name, SystemState.UP, "")
    for name in ("broker", "collector", "alerts", "dashboard", "simulator")
)


def a_busy_town(now_ms: int) -> tuple[Row, ...]:
    """Alarms of every kind and state, as on a bad evening."""
    told = (
        a_notice(1, now_ms - 70_000, "李建国", "owner", NoticeState.DELIVERED),
        a_notice(2, now_ms - 69_000, "王秀英", "safety_officer", NoticeState.HANDED_OVER),
        a_notice(3, now_ms - 68_000, "赵敏", "shift_leader", NoticeState.UNDELIVERED),
        a_notice(4, now_ms - 2_000, "陈志强", "duty_officer", NoticeState.PENDING),
    )
    acked = {"acked_by": "operator", "acked_ms": now_ms - 30_000}
    return (*_leaks(now_ms, told, acked), *_defects(now_ms, told, acked), *_blindness(now_ms))


def _leaks(now_ms: int, told: tuple[NoticeRow, ...], acked: dict[str, Any]) -> tuple[Row, ...]:
    return (
        a_row(
            1,
            now_ms - 72_000,
            notices=told,
            rung=1,
            site_name="平安液化气站",
            room_name="瓶组间",
            site_name_en="Ping'an Cylinder Station",
            room_name_en="Cylinder room",
            supply_gas=SupplyGas.LPG,
        ),
        a_row(
            2, now_ms - 9_000, site_name=LONG_ZH, site_name_en=LONG_EN, address=LONG_ZH * 2, notices=told[:1]
        ),
        a_row(
            3,
            now_ms - 280_000,
            status=AlarmStatus.UNACKED_NORMAL,
            priority=Priority.HIGH,
            level=Level.NONE,
            peak_level=Level.LOW,
            lel=4.5,
            peak_lel=34.0,
            notices=told[:2],
            site_name="镇北烧烤",
        ),
        a_row(
            4,
            now_ms - 730_000,
            status=AlarmStatus.ACKED_ACTIVE,
            priority=Priority.HIGH,
            level=Level.LOW,
            peak_level=Level.LOW,
            lel=26.0,
            peak_lel=34.0,
            notices=told[:2],
            site_name="农家菜馆",
            **acked,
        ),
        a_row(
            5,
            now_ms - 4_000_000,
            status=AlarmStatus.ACKED_NORMAL,
            level=Level.NONE,
            lel=0.0,
            peak_lel=74.0,
            site_name="第二中学食堂",
            notices=told[:1],
            **acked,
        ),
    )


def _defects(now_ms: int, told: tuple[NoticeRow, ...], acked: dict[str, Any]) -> tuple[Row, ...]:
    return (
        a_row(
            6,
            now_ms - 40_000,
            kind=AlarmKind.OFFLINE,
            priority=Priority.MEDIUM,
            level=Level.NONE,
            peak_level=Level.NONE,
            lel=None,
            peak_lel=None,
            site_name="老王面馆",
            notices=told[:1],
        ),
        a_row(
            7,
            now_ms - 100_000_000,
            status=AlarmStatus.ACKED_ACTIVE,
            kind=AlarmKind.WRONG_GAS,
            priority=Priority.MEDIUM,
            level=Level.NONE,
            peak_level=Level.NONE,
            lel=None,
            peak_lel=None,
            site_name="矿工食堂",
            supply_gas=SupplyGas.MINE_GAS,
            **acked,
        ),
        a_row(
            8,
            now_ms - 33_000,
            kind=AlarmKind.FAULT,
            priority=Priority.MEDIUM,
            level=Level.NONE,
            peak_level=Level.NONE,
            lel=None,
            peak_lel=None,
            site_name="好吃来",
            codes=("sensor_open",),
        ),
    )


def _blindness(now_ms: int) -> tuple[Row, ...]:
    return (
        a_row(
            9,
            now_ms - 5_000,
            kind=AlarmKind.BLIND,
            priority=Priority.MEDIUM,
            level=Level.NONE,
            detector=None,
            peak_level=Level.NONE,
            lel=None,
            peak_lel=None,
            site=None,
            site_name="",
            site_name_en="",
            room_name="",
            room_name_en="",
            address="",
            supply_gas=None,
            codes=("link", "main"),
            rung=None,
        ),
    )
