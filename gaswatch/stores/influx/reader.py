"""The readings in InfluxDB, asked for as the embedded store is."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from itertools import islice
from typing import Final

from gascore.clock import Clock
from gascore.journal import StoreDownError
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.influx.lines import MEASUREMENT
from gaswatch.stores.influx.query import Query, Value, number, quoted
from gaswatch.stores.reading_codec import STATES, row_of
from gaswatch.stores.readings_query import Point, point_of, within

PAGE: Final = 10_000
"""Readings in one answer."""
_AT_ONCE: Final = 50
"""Detectors in one question: it is sent in the address, and servers take 8 KB there."""
_RECENT_MS: Final = 2 * 86_400_000
"""Looked at first for the newest reading: 3 Core refuses questions about more than some days."""
_FIELDS: Final = ("time", "state", "lel", "co", "batt", "rssi")
_SELECT: Final = 'SELECT "state", "lel", "co", "batt", "rssi" FROM "{measurement}" WHERE {where}'
_STEPS: Final = (
    'SELECT COUNT("state") AS "number", MIN("lel") AS "least", MAX("lel") AS "most", MEAN("lel") AS "mean", '
    'MAX("co") AS "co", MAX("state") AS "worst" FROM "{measurement}" WHERE {where} '
    "GROUP BY time({every}ms, {offset}ms) fill(none)"
)
_STEP_COLUMNS: Final = ("time", "number", "least", "most", "mean", "co", "worst")


class InfluxReader:
    """Reads what `collector`'s sink has written. Every method is blocking and raises `StoreDownError`.

    A detector's readings are found by its id, whatever site or area it had when they were written. What was
    measured in the last second or two can still be in the spool.
    """

    def __init__(
        self, query: Query, ids: Callable[[Collection[int]], Mapping[int, str]], clock: Clock
    ) -> None:
        """`ids` tells the detectors' ids by their numbers; those it does not know have no readings."""
        self._query = query
        self._ids = ids
        self._clock = clock

    def series(self, no: int, from_ms: int, to_ms: int, every_ms: int | None = None) -> list[Point]:
        """The readings in [from_ms, to_ms), in order.

        Args:
            no: the detector's number.
            from_ms: begin, and the begin of the first step.
            to_ms: end, which does not belong to it.
            every_ms: length of a step; steps without a reading are missing. None: one point per reading.
        """
        if every_ms is None:
            return [point_of(row_of(one)) for one in self.scan([no], from_ms, to_ms)]
        from_ms, to_ms = within(from_ms), within(to_ms)
        detector = self._ids([no]).get(no)
        if detector is None or from_ms >= to_ms:
            return []
        # Steps of InfluxQL begin at whole multiples since 1970; the offset moves them to our begin.
        text = _STEPS.format(
            measurement=MEASUREMENT,
            where=_where([detector], from_ms, to_ms),
            every=every_ms,
            offset=from_ms % every_ms,
        )
        return [_point(row) for row in self._query.rows(text, _STEP_COLUMNS)]

    def latest(self, nos: Collection[int]) -> dict[int, Reading]:
        """The newest reading of each of these detectors; those without one are missing."""
        ids = dict(self._ids(nos))
        found = self._newest(ids, f"time >= {within(self._clock.now_ms() - _RECENT_MS)}ms")
        return found | self._newest({no: key for no, key in ids.items() if no not in found}, "time >= 0ms")

    def scan(self, nos: Collection[int], from_ms: int, to_ms: int) -> Generator[Reading]:
        """All readings of these detectors in [from_ms, to_ms), by number and instant, a page in memory at a time."""
        for no, detector in sorted(self._ids(nos).items()):
            yield from self._pages(no, detector, within(from_ms), within(to_ms))

    def close(self) -> None:
        """Close the connections; nothing may be called afterwards."""
        self._query.close()

    def _pages(self, no: int, detector: str, from_ms: int, to_ms: int) -> Generator[Reading]:
        while from_ms < to_ms:
            where = _where([detector], from_ms, to_ms)
            text = _SELECT.format(measurement=MEASUREMENT, where=where) + f" ORDER BY time LIMIT {PAGE}"
            rows = self._query.rows(text, _FIELDS)
            for row in rows:
                one = _reading(no, row)
                # Written again with another site or area, it is there twice.
                if one.at_ms >= from_ms:
                    yield one
                    from_ms = one.at_ms + 1
            if len(rows) < PAGE:
                return

    def _newest(self, ids: Mapping[int, str], since: str) -> dict[int, Reading]:
        found: dict[int, Reading] = {}
        rest = iter(ids.items())
        while some := dict(islice(rest, _AT_ONCE)):
            nos = {key: no for no, key in some.items()}
            where = f"{_one_of(nos)} AND {since}"
            text = _SELECT.format(measurement=MEASUREMENT, where=where)
            text += ' GROUP BY "detector" ORDER BY time DESC LIMIT 1'
            for row in self._query.rows(text, (*_FIELDS, "detector")):
                no = nos.get(str(row[-1]))
                if no is not None:
                    found[no] = _reading(no, row[:-1])
        return found


def _one_of(detectors: Collection[str]) -> str:
    """InfluxQL has no IN."""
    return "(" + " OR ".join(f'"detector" = {quoted(one)}' for one in detectors) + ")"


def _where(detectors: Collection[str], from_ms: int, to_ms: int) -> str:
    return f"{_one_of(detectors)} AND time >= {from_ms}ms AND time < {to_ms}ms"


def _reading(no: int, row: Sequence[Value]) -> Reading:
    at_ms, state, *values = row
    try:
        lel, co, batt, rssi = map(number, values)
        return Reading(no, _whole(at_ms), _state(state), lel, co, batt, rssi)
    except (TypeError, ValueError) as error:
        raise _odd(row, error) from error


def _point(row: Sequence[Value]) -> Point:
    at_ms, count, *values, worst = row
    try:
        least, most, mean, co = map(number, values)
        return Point(_whole(at_ms), _whole(count), least, most, mean, co, _state(worst))
    except (TypeError, ValueError) as error:
        raise _odd(row, error) from error


def _whole(value: Value) -> int:
    found = number(value)
    if found is None:
        raise TypeError("nothing stands where a number must be")
    return int(found)


def _state(value: Value) -> ReportedState:
    place = _whole(value)
    if not 0 <= place < len(STATES):
        raise ValueError(f"there is no state {place}")
    return STATES[place]


def _odd(row: Sequence[Value], error: Exception) -> StoreDownError:
    return StoreDownError(
        f"InfluxDB has something in {MEASUREMENT!r} that gaswatch did not write ({error}): {row!r:.200}"
    )
