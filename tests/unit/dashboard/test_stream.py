import pytest

from dashboard.rules.stream import Missed, Ring, encode_event


def a_ring(*ids: int, deltas: int = 3, size: int = 1000) -> Ring:
    ring = Ring("e1", deltas=deltas, size=size)
    for journal_id in ids:
        ring.push(journal_id, b"%d" % journal_id)
    return ring


def test_a_reader_gets_what_it_missed_and_then_has_everything() -> None:
    ring = a_ring(5, 6)
    cursor = ring.end
    ring.push(7, b"7")
    ring.push(8, b"8")
    assert ring.since(cursor) == Missed((b"7", b"8"), ring.end)
    assert ring.since(ring.end) == Missed((), ring.end)


def test_a_reader_that_fell_out_of_the_ring_needs_a_snapshot() -> None:
    ring = a_ring(1)
    cursor = ring.end
    for journal_id in (2, 3, 4):
        ring.push(journal_id, b"x")
    assert ring.since(cursor) is not None
    ring.push(5, b"x")
    assert ring.since(cursor) is None


def test_a_cursor_of_the_future_needs_a_snapshot() -> None:
    ring = a_ring(1)
    assert ring.since(ring.end + 1) is None


def test_the_ring_is_bounded_by_bytes_and_keeps_the_newest_however_large() -> None:
    ring = Ring("e1", deltas=100, size=10)
    for journal_id in range(1, 6):
        ring.push(journal_id, b"12345")
    assert ring.since(ring.end - 2) is not None
    assert ring.since(ring.end - 3) is None
    ring.push(6, b"x" * 50)
    assert ring.since(ring.end - 1) == Missed((b"x" * 50,), ring.end)


def test_a_browser_that_comes_back_goes_on_after_the_event_it_saw_last() -> None:
    ring = a_ring(5, 7, 9)
    cursor = ring.resume(ring.event_id(7), 9)
    assert cursor is not None
    # Several deltas may end at one id: those of the id that was seen come again, which changes nothing.
    assert ring.since(cursor) == Missed((b"7", b"9"), ring.end)


def test_a_browser_that_only_has_the_snapshot_gets_every_delta_of_its_id_and_after() -> None:
    ring = a_ring(7, 7, 9)
    cursor = ring.resume(ring.event_id(7), 9)
    assert cursor is not None
    assert ring.since(cursor) == Missed((b"7", b"7", b"9"), ring.end)


@pytest.mark.parametrize(
    "last_event_id",
    ["", "7", "7-e2", "-e1", "x-e1", "7-", "-7-e1", "٧-e1", "10-e1", "9" * 5000 + "-e1"],
    ids=lambda text: text[:8],
)
def test_an_id_that_is_not_of_this_process_needs_a_snapshot(last_event_id: str) -> None:
    assert a_ring(5, 7, 9).resume(last_event_id, 9) is None


def test_an_id_that_left_the_ring_needs_a_snapshot() -> None:
    ring = a_ring(5, 7, 9, 11)
    assert ring.resume("4-e1", 11) is None
    assert ring.resume("5-e1", 11) is None
    assert ring.resume("6-e1", 11) is not None


def test_an_id_of_before_anything_was_pushed_goes_on_from_the_begin() -> None:
    ring = a_ring()
    assert ring.resume("3-e1", 3) == ring.end
    ring.push(4, b"4")
    assert ring.resume("3-e1", 4) == ring.end - 1


def test_an_event_is_lines_that_end_with_an_empty_one() -> None:
    assert encode_event("hb", b"{}") == b"event: hb\ndata: {}\n\n"
    assert encode_event("delta", b"{}", "7-e1") == b"event: delta\nid: 7-e1\ndata: {}\n\n"
