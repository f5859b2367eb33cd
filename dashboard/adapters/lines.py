"""From what the dashboard knows to what pages and programs are shown."""

from collections.abc import Mapping
from typing import Final

from dashboard.adapters.views import ConditionLine, DetectorLine, Missing
from dashboard.adapters.views_system import CanaryLine, LatencyLine, QuarantineLine, ServiceLine
from dashboard.ports import Installed, Newest, Quarantined
from dashboard.rules.board import Names
from gascore.canary import CanaryMeasured
from gascore.compat import parse_target
from gascore.correction import Corrected, corrected_at_worst
from gascore.service_status import LATENCY_BOUNDS_S, Histogram, ServiceStatus
from gascore.thresholds import Thresholds
from gascore.words import DetectorId

PAYLOAD_SHOWN: Final = 200
"""Characters of a payload that was not taken."""


def corrected_of(one: Installed, last: Newest | None, figures: Thresholds) -> Corrected | None:
    """What the newest reading may be in truth; None: as shown, or nobody can say."""
    if last is None:
        return None
    targets = (one.detector.target, parse_target(one.declared))
    return corrected_at_worst(last.lel, one.room.supply_gas, targets, figures)


def detector_line(one: Installed) -> DetectorLine:
    """A detector in a list."""
    target = one.detector.target
    return DetectorLine(
        no=one.detector.no,
        id=one.detector.id,
        model=one.detector.model,
        site=one.site.id,
        site_name=one.site.name,
        site_name_en=one.site.name_en,
        room_name=one.room.name,
        room_name_en=one.room.name_en,
        room_kind=one.room.kind,
        supply_gas=one.room.supply_gas,
        target=None if target is None else tuple(sorted(target)),
        protection=one.protection,
        conditions=tuple(held.condition for held in one.conditions),
    )


def missing_of(collector: ServiceStatus | None, detector: DetectorId) -> Missing | None:
    """Messages missing of a detector, as the collector said last; None: it says nothing of that."""
    if collector is None or collector.gaps is None:
        return None
    return Missing(collector.gaps.at(detector), collector.started_ms)


def condition_lines(one: Installed) -> tuple[ConditionLine, ...]:
    """What holds of a detector now."""
    return tuple(
        ConditionLine(held.condition, held.level, held.since_ms, held.reason, held.codes)
        for held in one.conditions
    )


def service_lines(words: Mapping[str, ServiceStatus], now_ms: int) -> tuple[ServiceLine, ...]:
    """What each service said last, by name."""
    return tuple(
        ServiceLine(
            name, word.pid, word.started_ms, max(now_ms - word.at_ms, 0), dict(word.links), dict(word.notes)
        )
        for name, word in sorted(words.items())
    )


def latency_lines(words: Mapping[str, ServiceStatus]) -> tuple[LatencyLine, ...]:
    """Every stage that anything was measured of."""
    return tuple(
        LatencyLine(name, stage, one.total, _quantile(one, 0.5), _quantile(one, 0.99))
        for name, word in sorted(words.items())
        for stage, one in sorted(word.latency.items())
        if one.total
    )


def canary_line(one: CanaryMeasured, names: Names) -> CanaryLine:
    """A test leak, with its stations in the order of its way."""
    area = names.areas.get(one.area)
    stations = {
        "journal": one.journaled_ms,
        "opened": one.opened_ms,
        "handed_over": one.handed_ms,
        "delivered": one.delivered_ms,
    }
    return CanaryLine(
        one.area if area is None else area.name,
        "" if area is None else area.name_en,
        one.sent_ms,
        one.ok,
        one.why,
        {name: None if at is None else max(0, at - one.sent_ms) / 1000 for name, at in stations.items()},
    )


def quarantine_line(one: Quarantined) -> QuarantineLine:
    """A message that was not taken, as far as it can be shown."""
    return QuarantineLine(
        one.id,
        one.received_ms,
        _shown(one.topic),
        None if one.detector is None else DetectorId(one.detector),
        one.reason,
        _shown(one.detail),
        _shown(one.payload.decode("utf-8", "backslashreplace")),
    )


def _shown(text: str) -> str:
    """What a stranger wrote, cut, and without what would move the page's own text (controls, other directions)."""
    shown = "".join(character if character.isprintable() else "·" for character in text[:PAYLOAD_SHOWN])
    return shown + ("…" if len(text) > PAYLOAD_SHOWN else "")


def _quantile(one: Histogram, share: float) -> float | None:
    """The bound that at least this share of the observations kept; None: beyond the last one."""
    for bound, count in zip(LATENCY_BOUNDS_S, one.counts, strict=False):
        if count >= share * one.total:
            return bound
    return None
