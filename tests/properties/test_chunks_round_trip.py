"""Whatever is packed comes out again, and damaged bytes are an error that has a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.reading_codec import (
    HOUR_MS,
    STATES,
    ChunkError,
    Row,
    merge,
    pack,
    reading_of,
    row_of,
    stats,
    unpack,
)

HOUR = 500_000 * HOUR_MS


def maybe(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


rows = st.lists(
    st.tuples(
        st.integers(HOUR, HOUR + HOUR_MS - 1),
        maybe(0, 1000) | maybe(-(2**31), 2**31),
        maybe(0, 100_000),
        st.integers(0, len(STATES) - 1),
        maybe(0, 100),
        maybe(-200, 0),
    ),
    min_size=1,
    max_size=200,
    unique_by=lambda row: row[0],
).map(sorted)


@given(rows)
def test_what_is_packed_comes_out_again(packed: list[Row]) -> None:
    assert unpack(HOUR, pack(HOUR, packed)) == packed


@given(rows, st.data())
def test_damaged_bytes_are_an_error_with_a_name(packed: list[Row], data: st.DataObject) -> None:
    whole = bytearray(pack(HOUR, packed))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ChunkError):  # zlib's own checksum sees to it
        unpack(HOUR, bytes(whole))
    with pytest.raises(ChunkError):
        unpack(HOUR, pack(HOUR, packed)[:at])


@given(rows, rows)
def test_merging_twice_is_merging_once_and_the_last_part_wins(first: list[Row], second: list[Row]) -> None:
    once = merge(first, second)
    assert merge(once, second) == once
    assert set(second) <= set(once)
    assert [row[0] for row in once] == sorted({row[0] for row in (*first, *second)})


@given(rows)
def test_a_roll_up_is_that_of_its_rows(packed: list[Row]) -> None:
    lels = [row[1] for row in packed if row[1] is not None]
    found = stats(packed)
    assert (found.number, found.lel_number, found.lel_sum) == (len(packed), len(lels), sum(lels))
    assert (found.lel_min, found.lel_max) == ((min(lels), max(lels)) if lels else (None, None))


@given(
    st.builds(
        Reading,
        no=st.integers(1, 2**20 - 1),
        at_ms=st.integers(HOUR, HOUR + HOUR_MS),
        state=st.sampled_from(ReportedState),
        lel=st.none() | st.integers(0, 1000).map(lambda tenths: tenths / 10),
        co=st.none() | st.integers(0, 100_000).map(lambda tenths: tenths / 10),
        batt=st.none() | st.integers(0, 100).map(float),
        rssi=st.none() | st.integers(-200, 0).map(float),
    )
)
def test_a_reading_at_the_stored_resolution_loses_nothing(reading: Reading) -> None:
    assert reading_of(reading.no, row_of(reading)) == reading


def test_an_hour_of_a_quiet_detector_takes_a_few_bytes_a_reading() -> None:
    hour: list[Row] = [
        (HOUR + at * 30_000 + at * 7919 % 400, at * 31 % 7, None, 0, 97, -67 - at % 3) for at in range(120)
    ]
    assert len(pack(HOUR, hour)) < 5 * len(hour)
