"""What the templates of the platform's own figures are given: protection time, and how our services are."""

from typing import Literal

import msgspec

from dashboard.adapters.views import BaseContext
from dashboard.rules.rows import SystemRow
from dashboard.rules.uptime import UptimeReport
from gascore.registry import Area
from gascore.service_status import MessageCounts
from gascore.words import DetectorId


class ProtectionContext(BaseContext):
    """Protection time per site for whole local days `from_day` to `to_day` inclusive ("YYYY-MM-DD").

    Keys:
        report: None when `error` says what is wrong with the question ("period", "place").
        csv_url: the same question as a file.
    """

    from_day: str
    to_day: str
    area: str
    areas: tuple[Area, ...]
    report: UptimeReport | None
    error: Literal["period", "place"] | None
    csv_url: str


class LatencyLine(msgspec.Struct, frozen=True):
    """A latency stage; p50_s and p99_s are upper bounds (seconds), None: beyond the last bucket."""

    service: str
    stage: str
    count: int
    p50_s: float | None
    p99_s: float | None


class QuarantineLine(msgspec.Struct, frozen=True):
    """A message that was kept for the operator; `payload` is shortened and printable."""

    id: int
    received_ms: int
    topic: str
    detector: DetectorId | None
    reason: str
    detail: str
    payload: str


class ServiceLine(msgspec.Struct, frozen=True):
    """A service's own word; `age_ms` since it was said. `links`: broker link -> "up" or why it is down."""

    name: str
    pid: int
    started_ms: int
    age_ms: int
    links: dict[str, str]
    notes: dict[str, str]


class CanaryLine(msgspec.Struct, frozen=True):
    """The newest test leak of an area: how long it took to each station, seconds; `why` it did not arrive."""

    area: str
    area_en: str
    sent_ms: int
    ok: bool
    why: str
    stations: dict[str, float | None]


class SystemContext(BaseContext):
    """How we are ourselves.

    Keys:
        messages: None while the collector has said nothing; `messages.residual` must be 0.
        rejected_by: count per reject reason.
        quarantine: newest first.
        journal_id: newest entry; journal_lag: entries that the console hasn't shown yet.
    """

    system: tuple[SystemRow, ...]
    services: tuple[ServiceLine, ...]
    messages: MessageCounts | None
    rejected_by: dict[str, int]
    latency: tuple[LatencyLine, ...]
    canaries: tuple[CanaryLine, ...]
    quarantine: tuple[QuarantineLine, ...]
    journal_id: int
    journal_lag: int
