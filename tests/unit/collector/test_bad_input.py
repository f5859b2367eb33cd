"""Bad input one by one: each is rejected with its reason, kept for the operator, and harms nobody else."""

import msgspec
import pytest

from collector.ports import Arrival, Quarantined
from collector.service.batch import KEPT_REFUSALS, STRANGERS, Batch
from collector.service.fleet import Fleet
from collector.service.intake import Intake
from gascore.journal import UnknownLeak
from gascore.wire import MAX_PAYLOAD, RejectReason
from support.collector_words import LIMITS, T0, a_payload, a_placed

TEN_MB = 10_000_000
ASCII = '{"state":"normal","fw":"v1"}'
CHINESE = '{"state":"normal","fw":"燃气表"}'


def an_intake() -> Intake:
    fleet = Fleet(LIMITS, T0)
    intake = Intake(fleet, links=1)
    fleet.start([a_placed("D1", 1), a_placed("D2", 2)], (), intake.batch, T0)
    intake.close()
    return intake


def taken(topic: str, payload: bytes) -> Batch:
    """The batch after this one message; the account holds."""
    intake = an_intake()
    intake.take(0, Arrival(T0, topic, payload, retained=False, duplicate=False, token=1))
    batch = intake.close()
    intake.account.settle(batch)
    assert intake.account.counts.residual == 0
    assert batch.tokens == [[1]], "it is acknowledged: sent again, it would be no better"
    return batch


def refusal(topic: str, payload: bytes) -> Quarantined:
    batch = taken(topic, payload)
    assert sum(batch.rejected_by.values()) == 1
    [kept] = batch.refused
    assert batch.rejected_by == {RejectReason(kept.reason): 1}
    assert len(kept.topic) <= 4_000
    assert len(kept.payload) <= MAX_PAYLOAD
    kept.topic.encode()
    assert "\0" not in kept.topic + kept.detail
    msgspec.json.encode(kept)
    return kept


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "gas/1/D1",
        "gas/1/D1/status/",
        "gas/1//status",
        "gas/1/+/status",
        "gas/1/#",
        "gas/1/D#/status",
        "$SYS/broker/uptime",
        "$share/g/gas/1/D1/status",
        "gas/1/D1\0/status",
        "gas/1/D1/stat\0us",
        "gas/1/D\x071/status",
        "gas/1/\u202eD1/status",
        "gas/1/探测器/status",
        "gas/1/Ｄ1/status",
        "gas/1/\ud800/status",
        "gas/1/a.b/status",
        "gas/1/a b/status",
        "gas/1/../status",
        f"gas/1/{'x' * 65}/status",
        "gas/1/" + "y" * 65_000,
        "/".join("a" * 30_000),
        "gas/1/D1/cmd",
        "gas/1/D1/STATUS",
    ],
    ids=lambda topic: ascii(topic[:24]),
)
def test_a_topic_that_is_not_ours_is_refused_as_such(topic: str) -> None:
    assert refusal(topic, a_payload()).reason == RejectReason.BAD_TOPIC


def deep(levels: int) -> bytes:
    return b'{"state":"normal","x":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"z" * TEN_MB, RejectReason.OVERSIZE),
        (b'{"state":"normal","fw":"' + b"z" * TEN_MB + b'"}', RejectReason.OVERSIZE),
        (b" " * (MAX_PAYLOAD + 1), RejectReason.OVERSIZE),
        (deep(100_000), RejectReason.OVERSIZE),
        (b"[" * 100 + b"]" * 100, RejectReason.WRONG_TYPE),
        (b'{"a":' * 100 + b"1" + b"}" * 100, RejectReason.WRONG_TYPE),
        (b'{"state":"normal","lel":' + b"[" * 100 + b"]" * 100 + b"}", RejectReason.WRONG_TYPE),
        (b'{"state":"normal","x":' + b"[" * 2_000 + b"]" * 2_000 + b"}", RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":NaN}', RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":Infinity}', RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":-Infinity}', RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":1e999}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","lel":"12"}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","lel":"1,5"}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","ts":"1790000000000"}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","seq":true}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","seq":1.5}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","lel":[12]}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","lel":012}', RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":0x1f}', RejectReason.NOT_JSON),
        (b"{'state':'normal'}", RejectReason.NOT_JSON),
        (b'{"state":"normal",}', RejectReason.NOT_JSON),
        (b'{"state":"normal"}{"state":"normal"}', RejectReason.NOT_JSON),
        (b'{"state":"norm', RejectReason.NOT_JSON),
        (b'{"state":"normal"}\0', RejectReason.NOT_JSON),
        (b'{"state":"explosion"}', RejectReason.WRONG_TYPE),
        (b'{"state":null}', RejectReason.WRONG_TYPE),
        (b'{"lel":1}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","faults":[["E1"]]}', RejectReason.WRONG_TYPE),
        (b'"normal"', RejectReason.WRONG_TYPE),
        (b"", RejectReason.NOT_JSON),
        (ASCII.encode("utf-16"), RejectReason.NOT_UTF8),
        (ASCII.encode("utf-16-le"), RejectReason.NOT_JSON),
        (ASCII.encode("utf-32"), RejectReason.NOT_UTF8),
        (ASCII.encode("utf-8-sig"), RejectReason.NOT_JSON),
        (ASCII.encode("cp037"), RejectReason.NOT_UTF8),
        (CHINESE.encode("gbk"), RejectReason.NOT_UTF8),
        (CHINESE.encode("gb18030"), RejectReason.NOT_UTF8),
        (b'{"state":"normal","fw":"\xff"}', RejectReason.NOT_UTF8),
        (b'{"state":"normal","fw":"\xed\xa0\x80"}', RejectReason.NOT_UTF8),
        (b'{"state":"normal","fw":"\xc0\xaf"}', RejectReason.NOT_UTF8),
        (b'{"state":"normal","fw":"\\ud800"}', RejectReason.NOT_JSON),
        (b'{"state":"normal","fw":"\\x41"}', RejectReason.NOT_JSON),
        (b"\x1f\x8b\x08\x00", RejectReason.NOT_UTF8),
    ],
    ids=lambda value: ascii(value[:32]) if isinstance(value, bytes) else str(value),
)
def test_a_payload_that_is_no_status_is_refused_with_its_reason(payload: bytes, reason: RejectReason) -> None:
    kept = refusal("gas/1/D1/status", payload)
    assert kept.reason == reason
    assert kept.detector == "D1"
    assert kept.detail


@pytest.mark.parametrize(
    "payload",
    [
        deep(100),
        b'{"state":"normal","x":' + b"[" * 100 + b"]" * 100 + b"}",
        CHINESE.encode(),
    ],
    ids=lambda payload: ascii(payload[:32]),
)
def test_what_is_only_strange_is_taken(payload: bytes) -> None:
    """Keys that we don't know are ignored with whatever is in them, or no maker could add one."""
    assert taken("gas/1/D1/status", payload).stored == 1


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("9" * 15, "ts"),
        ("-1", "seq"),
        ("9223372036854775808", "seq"),
        ("9" * 400, "seq"),
        ("1e300", "lel"),
        ("9" * 300, "co"),
        ("-0.1", "lel"),
    ],
)
def test_a_number_that_cannot_be_is_no_number_and_a_fault(number: str, key: str) -> None:
    batch = taken("gas/1/D1/status", f'{{"state":"normal","{key}":{number}}}'.encode())
    assert batch.stored == 1
    assert any(f"{key}_out_of_range" in getattr(event, "codes", ()) for event in batch.events), batch.events


def test_a_key_that_is_there_twice_counts_as_it_stands_last() -> None:
    batch = taken("gas/1/D1/status", b'{"state":"high","lel":60,"state":"normal","lel":1}')
    assert [reading.lel for reading in batch.readings] == [1.0]
    assert not batch.is_urgent


@pytest.mark.parametrize("payload", [b"", b"2", b"01", b"true", b"\xff", b"1" * TEN_MB])
def test_an_online_word_that_is_neither_is_refused(payload: bytes) -> None:
    assert refusal("gas/1/D1/online", payload).reason == RejectReason.BAD_ONLINE


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"[]", RejectReason.WRONG_TYPE),
        (b'{"id":"' + b"x" * 65 + b'","ok":true}', RejectReason.WRONG_TYPE),
        (b'{"id":"c1","ok":"yes"}', RejectReason.WRONG_TYPE),
        (b'{"id":"c1"', RejectReason.NOT_JSON),
        (b"\xff\xfe", RejectReason.NOT_UTF8),
        (b"x" * TEN_MB, RejectReason.OVERSIZE),
    ],
    ids=lambda value: ascii(value[:16]) if isinstance(value, bytes) else str(value),
)
def test_an_answer_that_is_none_is_refused(payload: bytes, reason: RejectReason) -> None:
    assert refusal("gas/1/D1/ack", payload).reason == reason


def test_a_flood_of_garbage_is_counted_whole_and_kept_in_part_and_the_leak_behind_it_is_told() -> None:
    intake = an_intake()
    for number in range(10 * KEPT_REFUSALS):
        intake.take(0, Arrival(T0, "gas/1/D1/status", b"{", retained=False, duplicate=False, token=number))
    leak = a_payload("high", lel=70.0, seq=1, ts=T0)
    intake.take(0, Arrival(T0, "gas/1/D2/status", leak, retained=False, duplicate=False, token=-1))
    assert intake.batch.rejected_by == {RejectReason.NOT_JSON: 10 * KEPT_REFUSALS}
    assert len(intake.batch.refused) == KEPT_REFUSALS
    assert intake.batch.is_urgent


def test_a_flood_of_unknown_detectors_that_leak_is_told_one_by_one_and_saved_once_in_a_batch() -> None:
    """Saving the whole book with each of them would hold up everybody else's leak."""
    intake = an_intake()
    leak = a_payload("high", lel=70.0, seq=1, ts=T0)
    for number in range(500):
        topic = f"gas/1/X{number}/status"
        intake.take(0, Arrival(T0, topic, leak, retained=False, duplicate=False, token=number))
    assert STRANGERS not in intake.batch.states
    batch = intake.close()
    assert sum(isinstance(event, UnknownLeak) for event in batch.events) == 500
    assert batch.states[STRANGERS].count(b"X") == 500
    assert intake.close().states == {}
