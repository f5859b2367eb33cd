"""One message after the other: decode, supervise, judge, into the open batch. The hot path."""

from collector.ports import Arrival, Quarantined
from collector.rules.judgement import CameOnline
from collector.rules.strangers import Strangers
from collector.rules.watch import DUPLICATE, QUIET, Watch, hear, measured_ms
from collector.service.account import Account
from collector.service.batch import STRANGERS, Batch
from collector.service.fleet import Fleet
from gascore.journal import CommandAnswered, UnknownLeak
from gascore.readings import Reading
from gascore.wire import (
    MAX_PAYLOAD,
    PREFIX,
    Channel,
    Rejected,
    RejectReason,
    decode_ack,
    decode_status,
    parse_topic,
)
from gascore.words import DetectorId

_START = f"{PREFIX}/"
_END = f"/{Channel.STATUS}"
_FROM = len(_START)
_TO = -len(_END)
UNKNOWN = "unknown_detector"
TIMED = 127
"""Of so many messages and one more, the delay of one is looked at."""


class Intake:
    """Takes messages into `batch` until somebody closes it."""

    def __init__(self, fleet: Fleet, *, links: int) -> None:
        self._links = links
        self._fleet = fleet
        self._strangers = Strangers()
        self._are_strangers_new = False
        self.account = Account()
        self.batch = Batch(links)
        self.delay_ms = 0
        """How long messages wait for us at the broker: the clocks of detectors are not to blame for it."""

    def close(self) -> Batch:
        """The open batch; from now on a new one is open."""
        closed, self.batch = self.batch, Batch(self._links)
        if self._are_strangers_new:  # once in a batch: there may be thousands of them in the book
            self._are_strangers_new = False
            closed.states[STRANGERS] = self._strangers.save()
        return closed

    def resume(self, strangers: bytes | None, now_ms: int) -> None:
        """Go on from what the run before saved, once the ledger is read: some may be in it by now."""
        self._strangers.restore(strangers)
        for detector in self._strangers.leaking:
            if self._fleet.find(detector) is not None:
                self.meet(detector, now_ms)

    def meet(self, detector: DetectorId, now_ms: int) -> None:
        """A detector is in the ledger, from now on at the latest."""
        over = self._strangers.forget(detector, now_ms)
        if over:
            self.batch.add(over, None)
            self._are_strangers_new = True

    def take(self, link: int, arrival: Arrival) -> None:
        """Take one message from the link with this index; never raises, whatever is in it."""
        batch = self.batch
        self.account.came(arrival.received_ms)
        batch.messages += 1
        if arrival.token is not None:
            batch.tokens[link].append(arrival.token)
        topic = arrival.topic
        watch = self._fleet.watches.get(topic[_FROM:_TO]) if topic.endswith(_END) else None
        if watch is not None and not arrival.retained and topic.startswith(_START):
            self._status(watch, arrival, batch)
        else:
            self._other(arrival, batch)

    def _status(self, watch: Watch, arrival: Arrival, batch: Batch) -> None:
        status = decode_status(arrival.payload)
        if isinstance(status, Rejected):
            self._reject(arrival, watch.placed.id, status)
            return
        before, gaps, heard_ms = watch.standing, watch.gaps, watch.heard_ms
        fleet, received_ms = self._fleet, arrival.received_ms - self.delay_ms
        if batch.messages & TIMED == 1 and status.ts is not None:
            batch.delays_ms.append(arrival.received_ms - status.ts)
        done = hear(watch, status, received_ms, flagged=arrival.duplicate, limits=fleet.limits)
        if done is DUPLICATE:
            batch.duplicate += 1
            # Its first copy may have been journaled by a run that was killed before it stored the reading.
            at_ms = measured_ms(watch, status, received_ms, fleet.limits)
        else:
            batch.stored += 1
            at_ms = watch.at_ms
        batch.readings.append(
            Reading(
                watch.placed.no,
                at_ms,
                status.state,
                status.lel,
                status.co,
                status.batt,
                status.rssi,
            )
        )
        if done is QUIET:
            if heard_ms < fleet.supervisor.base_ms:  # its grace is over: the deadline is nearer than it was
                fleet.supervisor.arm(watch, received_ms)
                fleet.missed(watch, 0)
        elif done is not DUPLICATE:
            if watch.gaps != gaps or gaps < 0:
                fleet.missed(watch, watch.gaps - max(gaps, 0))
            fleet.changed(watch, before, done, batch, received_ms, arrival.received_ms)

    def _other(self, arrival: Arrival, batch: Batch) -> None:
        found = parse_topic(arrival.topic)
        if found is None or found[1] is Channel.CMD:
            self._reject(arrival, None, Rejected(RejectReason.BAD_TOPIC, arrival.topic[:200]))
            return
        detector, channel = found
        if arrival.retained:
            self._reject(arrival, detector, Rejected(RejectReason.RETAINED, "kept by the broker"))
            return
        watch = self._fleet.find(detector)
        if watch is None:
            self._quarantine(arrival, detector, channel, batch)
        elif channel is Channel.ONLINE:
            self._online(watch, arrival, batch)
        else:
            self._ack(watch, arrival, batch)

    def _online(self, watch: Watch, arrival: Arrival, batch: Batch) -> None:
        now_ms, fleet = arrival.received_ms, self._fleet
        if arrival.payload == b"1":
            self._alive(watch, arrival, batch)
        elif arrival.payload == b"0":
            # Redelivered after the detector was heard again: old news of a connection that is gone.
            if arrival.duplicate and watch.heard_ms >= fleet.supervisor.base_ms:
                batch.duplicate += 1
                return
            watch.gone_ms = now_ms
            fleet.supervisor.arm(watch, now_ms)
        else:
            detail = f"{arrival.payload[:20]!r} is neither 0 nor 1"
            self._reject(arrival, watch.placed.id, Rejected(RejectReason.BAD_ONLINE, detail))
            return
        batch.stored += 1

    def _alive(self, watch: Watch, arrival: Arrival, batch: Batch) -> None:
        now_ms = arrival.received_ms
        watch.heard_ms = now_ms
        self._fleet.apply(watch, CameOnline(now_ms), batch, now_ms, cause_ms=now_ms)

    def _ack(self, watch: Watch, arrival: Arrival, batch: Batch) -> None:
        ack = decode_ack(arrival.payload)
        if isinstance(ack, Rejected):
            self._reject(arrival, watch.placed.id, ack)
            return
        answered = CommandAnswered(
            detector=watch.placed.id,
            site=watch.placed.site,
            command=ack.id,
            ok=ack.ok,
            valve=ack.valve,
            received_ms=arrival.received_ms,
        )
        batch.add([answered], arrival.received_ms)
        self._alive(watch, arrival, batch)
        batch.stored += 1

    def _quarantine(self, arrival: Arrival, detector: DetectorId, channel: Channel, batch: Batch) -> None:
        status = decode_status(arrival.payload) if channel is Channel.STATUS else None
        if isinstance(status, Rejected):
            self._reject(arrival, detector, status)
            return
        batch.quarantined += 1
        events = self._strangers.hear(detector, status, arrival.received_ms)
        if events:
            batch.add(events, arrival.received_ms)
        if any(isinstance(event, UnknownLeak) for event in events):
            self._are_strangers_new = True
        batch.keep(_kept(arrival, detector, UNKNOWN, "not in the ledger"))

    def _reject(self, arrival: Arrival, detector: DetectorId | None, why: Rejected) -> None:
        counts = self.batch.rejected_by
        counts[why.reason] = counts.get(why.reason, 0) + 1
        # A 3.1.1 broker sends every detector's kept `online` at each connection: expected, so not shown.
        if why.reason is RejectReason.RETAINED and arrival.topic.endswith(f"/{Channel.ONLINE}"):
            return
        self.batch.keep(_kept(arrival, detector, str(why.reason), why.detail))


def _kept(arrival: Arrival, detector: DetectorId | None, reason: str, detail: str) -> Quarantined:
    return Quarantined(
        arrival.received_ms,
        _printable(arrival.topic[:500]),
        detector,
        reason,
        _printable(detail),
        arrival.payload[:MAX_PAYLOAD],
    )


def _printable(text: str) -> str:
    """Without what a text column can't hold: PostgreSQL takes no NUL, and half a surrogate is no UTF-8."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")
