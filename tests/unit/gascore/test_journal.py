"""The journal's stored form: what goes in comes out, and the hash chain tells journals apart."""

from typing import get_args

from gascore.journal import (
    BlindBegan,
    BlindScope,
    ConditionRaised,
    Event,
    Reason,
    Sample,
    decode,
    encode,
    kind_of,
)
from gascore.seal import chain
from gascore.service_status import MessageCounts
from gascore.words import Condition, DetectorId, Level, SiteId

LEAK = ConditionRaised(
    detector=DetectorId("D1"),
    site=SiteId("S1"),
    condition=Condition.LEAK,
    level=Level.HIGH,
    since_ms=1_790_000_000_000,
    reason=Reason.REPORTED_STATE,
    sample=Sample(received_ms=1_790_000_000_100, lel=61.5),
)


def test_an_event_comes_back_as_it_was_stored() -> None:
    blind = BlindBegan(scope=BlindScope.LINK, name="broker", since_ms=5, reason="connection refused")
    assert decode(encode(LEAK)) == LEAK
    assert decode(encode(blind)) == blind
    assert kind_of(LEAK) == "condition.raised"


def test_every_kind_is_told_apart_by_its_tag() -> None:
    tags = [member.__struct_config__.tag for member in get_args(Event)]
    assert len(tags) == len(set(tags))


def test_a_field_that_an_older_version_did_not_write_has_its_default() -> None:
    body = b'{"kind":"condition.raised","detector":"D1","site":"S1","condition":"leak","since_ms":1,"reason":"silence"}'
    event = decode(body)
    assert isinstance(event, ConditionRaised)
    assert event.level is Level.NONE
    assert event.sample is None


def test_the_chain_changes_with_any_change_of_a_row() -> None:
    start = b"\0" * 32
    rows = [(1, 10, b"a"), (2, 11, b"bc")]
    heads = {
        chain(start, rows),
        chain(start, [(1, 10, b"a"), (2, 12, b"bc")]),
        chain(start, [(1, 10, b"a"), (3, 11, b"bc")]),
        chain(start, [(1, 10, b"a"), (2, 11, b"bd")]),
        chain(start, rows[:1]),
        chain(start, [(1, 10, b"a2:11:2:bc")]),
        chain(b"\1" * 32, rows),
    }
    assert len(heads) == 7


def test_the_residual_is_zero_only_when_every_message_has_one_outcome() -> None:
    assert (
        MessageCounts(received=10, stored=4, quarantined=3, rejected=1, duplicate=1, pending=1).residual == 0
    )
    assert MessageCounts(received=10, stored=9).residual == 1
