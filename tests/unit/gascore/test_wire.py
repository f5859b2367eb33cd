"""The native decoder: what it takes, what it refuses and why, and that nothing makes it fall over."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gascore.wire import (
    MAX_FAULTS,
    MAX_PAYLOAD,
    Channel,
    Rejected,
    RejectReason,
    Status,
    decode_status,
    encode_status,
    parse_topic,
    topic,
)
from gascore.words import DetectorId, ReportedState


def reason_of(payload: bytes) -> RejectReason:
    result = decode_status(payload)
    assert isinstance(result, Rejected), result
    return result.reason


def status_of(payload: bytes) -> Status:
    result = decode_status(payload)
    assert isinstance(result, Status), result
    return result


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", RejectReason.NOT_JSON),
        (b"\xff\xfe", RejectReason.NOT_UTF8),
        (b'{"state":"normal","fw":"\xe7\x87"}', RejectReason.NOT_UTF8),
        ('{"state":"normal"}'.encode("utf-16"), RejectReason.NOT_UTF8),
        (b'{"state":"normal","lel":Infinity}', RejectReason.NOT_JSON),
        (b'{"state":"normal","lel":1e999}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","x":' + b"[" * 2000 + b"]" * 2000 + b"}", RejectReason.NOT_JSON),
        (b'{"state":"normal","x":"' + b"y" * MAX_PAYLOAD + b'"}', RejectReason.OVERSIZE),
        (b"[]", RejectReason.WRONG_TYPE),
        (b'{"state":"normal","seq":1.5}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","faults":"open"}', RejectReason.WRONG_TYPE),
        (b'{"state":"normal","valve":"ajar"}', RejectReason.WRONG_TYPE),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(payload: bytes, reason: RejectReason) -> None:
    assert reason_of(payload) is reason


@pytest.mark.parametrize(
    ("key", "value"),
    [("lel", 100.1), ("lel", -1), ("co", 65535), ("batt", 101), ("rssi", 5), ("every", 0), ("seq", -1)],
)
def test_a_value_out_of_range_is_no_value_and_a_fault(key: str, value: float) -> None:
    status = status_of(msgspec.json.encode({"state": "normal", key: value}))
    assert getattr(status, key) is None
    assert status.faults == (f"{key}_out_of_range",)


def test_more_faults_than_we_keep_are_cut_and_said() -> None:
    status = status_of(msgspec.json.encode({"state": "fault", "faults": [f"f{n}" for n in range(40)]}))
    assert len(status.faults) == MAX_FAULTS + 1
    assert status.faults[-1] == "too_many_faults"


@given(st.binary(max_size=6000))
def test_no_bytes_make_the_decoder_raise(payload: bytes) -> None:
    assert isinstance(decode_status(payload), Status | Rejected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(Status.__struct_fields__) | st.text(), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(Status.__struct_fields__), JSON))
def test_no_json_makes_the_decoder_raise(document: dict[str, object]) -> None:
    assert isinstance(decode_status(msgspec.json.encode(document)), Status | Rejected)


@given(
    st.builds(
        Status,
        state=st.sampled_from(ReportedState),
        ts=st.none() | st.integers(0, 4_102_444_800_000),
        seq=st.none() | st.integers(0, 2**63 - 1),
        lel=st.none() | st.floats(0, 100),
        co=st.none() | st.floats(0, 10_000),
        batt=st.none() | st.floats(0, 100),
        every=st.none() | st.floats(1, 86_400),
        faults=st.lists(st.text(max_size=8), max_size=4).map(tuple),
    )
)
def test_what_is_in_range_comes_back_as_it_was_sent(status: Status) -> None:
    assert decode_status(encode_status(status)) == status


def test_a_topic_names_a_detector_and_a_channel() -> None:
    assert parse_topic("gas/1/GD-0213/status") == ("GD-0213", Channel.STATUS)
    assert topic(DetectorId("GD-0213"), Channel.ONLINE) == "gas/1/GD-0213/online"


@pytest.mark.parametrize(
    "text",
    [
        "gas/1/a.b/status",
        "gas/1//status",
        "gas/2/a/status",
        "gas/1/a/b/status",
        "gas/1/a/other",
        f"gas/1/{'x' * 65}/status",
        "x",
    ],
)
def test_other_topics_are_not_ours(text: str) -> None:
    assert parse_topic(text) is None
