"""/metrics for Prometheus, /healthz and /readyz for whoever starts and watches us. No names, no sign-in."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dashboard.adapters.parts import Parts, UsesParts
from dashboard.rules.health import COLLECTOR
from gascore.canary import CanaryMeasured
from gascore.service_status import LATENCY_BOUNDS_S, Histogram, MessageCounts
from gascore.words import AreaId

router = APIRouter(tags=["metrics"])
OUTCOMES: Final = ("stored", "quarantined", "rejected", "duplicate")
_SERIES: Final = (
    (
        "spool_bytes",
        "gaswatch_series_spool_bytes",
        "Disk taken by readings that wait for the series database.",
    ),
    (
        "spool_max_bytes",
        "gaswatch_series_spool_max_bytes",
        "Disk that they may take; then the oldest are given up.",
    ),
    ("spool_points", "gaswatch_series_spool_readings", "Readings that wait for the series database."),
    ("spool_oldest_s", "gaswatch_series_spool_oldest_seconds", "How long the oldest of them has waited."),
    ("spool_dropped", "gaswatch_series_spool_dropped", "Readings given up because the spool was full."),
    (
        "dead_letters",
        "gaswatch_series_dead_letters",
        "Readings that the series database refuses by themselves.",
    ),
)
"""Notes of the collector, and what they are called for Prometheus."""
_BROKERS: Final = (
    ("broker_dropped", "gaswatch_broker_dropped", "Messages dropped by the broker since it started."),
    ("broker_holds", "gaswatch_broker_held", "Messages that the broker has in store, kept ones included."),
)
"""Likewise, one for each link ("broker_dropped HOST:PORT")."""
_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Health(msgspec.Struct, frozen=True):
    """`ok`, and why not if not."""

    ok: bool
    why: str


class _Board:
    """A prometheus-client collector over the services' words; made for one scrape."""

    def __init__(self, parts: Parts) -> None:
        self._now_ms = parts.clock.now_ms()
        self._picture = parts.follower.picture
        self._browsers = parts.follower.hub.browsers

    def collect(self) -> Iterator[Metric]:
        """All families."""
        collector = self._picture.words.get(COLLECTOR)
        yield from _messages(MessageCounts() if collector is None else collector.messages)
        notes: Mapping[str, str] = {} if collector is None else collector.notes
        yield from _series(notes)
        yield from _brokers(notes)
        counts = self._picture.counts(self._now_ms)
        yield _gauge("gaswatch_detectors", "Detectors per protection state.", "state", counts.detectors)
        yield _gauge("gaswatch_alarms_active", "Open alarms.", "priority", counts.by_priority)
        yield GaugeMetricFamily(
            "gaswatch_alarms_inside", "Open alarms that are silent inside another one.", counts.inside
        )
        notices = CounterMetricFamily(
            "gaswatch_notices",
            "Notices that reached a state since the dashboard started.",
            labels=["channel", "outcome"],
        )
        for (channel, outcome), count in sorted(self._picture.notices.items()):
            notices.add_metric([channel, outcome], count)
        yield notices
        latency = HistogramMetricFamily(
            "gaswatch_alarm_latency_seconds",
            "From the receipt of the causing message to a stage.",
            labels=["stage"],
        )
        for word in self._picture.words.values():
            for stage, histogram in word.latency.items():
                latency.add_metric([stage], _buckets(histogram), histogram.sum_s)
        yield latency
        yield from _canaries(self._picture.canaries, self._now_ms)
        up = {row.name: int(row.state == "up") for row in self._picture.system(self._now_ms)}
        yield _gauge("gaswatch_up", "1: the service or link is up.", "name", up)
        yield GaugeMetricFamily("gaswatch_browsers", "Open live streams.", self._browsers)


def _canaries(newest: Mapping[AreaId, CanaryMeasured], now_ms: int) -> Iterator[Metric]:
    """The newest test leak of each area; one that did not arrive has no duration."""
    ok = GaugeMetricFamily("gaswatch_canary_ok", "1: the last test leak arrived in time.", labels=["area"])
    took = GaugeMetricFamily(
        "gaswatch_canary_seconds",
        "From the last test leak's message to the receipt of its text.",
        labels=["area"],
    )
    age = GaugeMetricFamily(
        "gaswatch_canary_age_seconds", "How long ago the last measured test leak was sent.", labels=["area"]
    )
    for area, one in sorted(newest.items()):
        ok.add_metric([area], int(one.ok))
        age.add_metric([area], max(0, now_ms - one.sent_ms) / 1000)
        if one.took_ms is not None:
            took.add_metric([area], one.took_ms / 1000)
    yield from (ok, took, age)


def _series(notes: Mapping[str, str]) -> Iterator[Metric]:
    """What waits for the series database; nothing where the readings are embedded."""
    for note, name, text in _SERIES:
        value = notes.get(note, "")
        if value.isascii() and value.isdigit():
            yield GaugeMetricFamily(name, text, int(value))


def _brokers(notes: Mapping[str, str]) -> Iterator[Metric]:
    """What may be lost before it comes to us; a broker that does not count is left out."""
    for note, name, text in _BROKERS:
        family = GaugeMetricFamily(name, text, labels=["link"])
        for key, value in notes.items():
            kind, _, link = key.partition(" ")
            if kind == note and value.isascii() and value.isdigit():
                family.add_metric([link], int(value))
        yield family
    yield GaugeMetricFamily(
        "gaswatch_sequence_gaps",
        "Messages missing by their numbers since the collector started; fewer when they come late.",
        int(notes.get("sequence_gaps", "0")),
    )


@router.get("/metrics", response_class=Response)
async def metrics(parts: UsesParts) -> Response:
    """Counters and gauges in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Board(parts))
    return Response(generate_latest(registry), headers={"Content-Type": _CONTENT_TYPE})


@router.get("/healthz", response_class=Response)
async def healthz() -> Response:
    """The process serves requests."""
    return _health(None)


@router.get("/readyz", response_class=Response)
async def readyz(parts: UsesParts) -> Response:
    """The board is complete and the store can be read; 503 says why not."""
    if not parts.follower.has_begun:
        return _health(parts.follower.picture.store_error or "the journal has not been read yet")
    return _health(parts.follower.picture.store_error)


def _health(why: str | None) -> Response:
    body = msgspec.json.encode(Health(why is None, why or ""))
    return Response(body, 200 if why is None else 503, media_type="application/json")


def _messages(account: MessageCounts) -> Iterator[Metric]:
    family = CounterMetricFamily("gaswatch_messages", "Messages by what became of each.", labels=["outcome"])
    for outcome in OUTCOMES:
        family.add_metric([outcome], getattr(account, outcome))
    yield family
    yield CounterMetricFamily("gaswatch_messages_received", "Messages taken from brokers.", account.received)
    yield GaugeMetricFamily("gaswatch_messages_pending", "Received and not yet durable.", account.pending)


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _buckets(one: Histogram) -> list[tuple[str, float]]:
    bounds = [(str(bound), float(count)) for bound, count in zip(LATENCY_BOUNDS_S, one.counts, strict=False)]
    return [*bounds, ("+Inf", float(one.total))]
