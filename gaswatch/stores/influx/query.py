"""InfluxQL on `/query`, the one way to read that InfluxDB 1.x, 2.x and 3 Core share.

Only the portable part is used: SELECT of fields or of COUNT, MIN, MAX and MEAN, WHERE on time and tags, GROUP BY
time and tag, fill(none), ORDER BY time, LIMIT. Values are written into the text, quoted (2.x has no parameters).
Instants are always asked for and given in ms.
"""

from collections.abc import Sequence
from http import HTTPStatus
from operator import itemgetter
from threading import Lock
from typing import Any, Final, TypeAlias

import msgspec

from gascore.clock import Clock
from gascore.journal import StoreDownError
from gaswatch.stores.influx.lines import MEASUREMENT
from gaswatch.stores.influx.policy import NO_ANSWER, Answer
from gaswatch.stores.influx.transport import Target, Transport

READ_S: Final = 8.0
"""Between two bytes of an answer: somebody is waiting for the page."""
CONNECT_S: Final = 2.0
PAUSE_MS: Final = 3_000
"""A server that did not answer is not asked again so soon: who asks hears at once what is wrong."""
_SHOWN_MOST: Final = 200

Value: TypeAlias = int | float | str | bool | None


class _Series(msgspec.Struct):
    name: str
    columns: list[str]
    values: list[list[Value]] = []
    tags: dict[str, str] = {}
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str | None = None
    partial: bool = False


class _Body(msgspec.Struct):
    results: list[_Result] = []
    error: str | None = None


class AwayError(StoreDownError):
    """The database does not answer at all: whether it can be read is not known."""


class Query:
    """Asks one database. Any number of threads may ask at once, each by a connection of its own."""

    def __init__(self, target: Target, clock: Clock, read_s: float = READ_S) -> None:
        self._target = target
        self._clock = clock
        self._read_s = read_s
        self._idle: list[Transport] = []
        self._watching = Lock()
        self._silent: tuple[int, str] | None = None
        """Until when nobody asks, and what was wrong."""

    def rows(self, text: str, columns: Sequence[str]) -> list[tuple[Value, ...]]:
        """The rows of a statement as tuples of these columns; "time" in ms, a tag of GROUP BY by its name.

        Raises:
            StoreDownError: one line that says what is wrong, and what to do.
        """
        answer = self._ask(text)
        if answer.status == NO_ANSWER:
            raise AwayError(self._why(answer))
        if answer.status != HTTPStatus.OK:
            raise StoreDownError(self._why(answer))
        try:
            body = msgspec.json.decode(answer.text, type=_Body)
        except (msgspec.DecodeError, RecursionError) as wrong:
            raise self._strange(f"it is no InfluxDB: {wrong}") from wrong
        for error in (body.error, *(one.error for one in body.results)):
            if error:
                raise StoreDownError(self._why(answer._replace(text=error)))
        return [
            row
            for result in body.results
            for series in result.series
            for row in self._rows_of(series, columns, is_part=result.partial or series.partial)
        ]

    def why_unreadable(self) -> str | None:
        """One line for what keeps us from reading (2.x: no DBRP mapping …), and what to do; None: nothing.

        Raises:
            AwayError: it does not answer.
        """
        try:
            self.rows(f"SELECT state FROM {MEASUREMENT} LIMIT 1", ("time", "state"))  # noqa: S608 -- a constant
        except AwayError:
            raise
        except StoreDownError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _ask(self, text: str) -> Answer:
        with self._watching:
            if self._silent and 0 < self._silent[0] - self._clock.now_ms() <= PAUSE_MS:
                raise AwayError(self._silent[1])
        try:
            transport = self._idle.pop()
        except IndexError:
            transport = Transport(self._target, CONNECT_S, self._read_s)
        parameters = [("db", self._target.bucket), ("epoch", "ms"), ("q", text)]
        answer = transport.request("GET", "/query", parameters, headers=transport.basic())
        self._idle.append(transport)
        with self._watching:
            is_silent = answer.status == NO_ANSWER
            self._silent = (self._clock.now_ms() + PAUSE_MS, self._why(answer)) if is_silent else None
        return answer

    def _rows_of(self, series: _Series, columns: Sequence[str], *, is_part: bool) -> list[tuple[Value, ...]]:
        if series.name != MEASUREMENT:
            # VictoriaMetrics answers any question with the names of its databases.
            raise self._strange(
                f"it does not answer questions in InfluxQL (it names {series.name!r:.{_SHOWN_MOST}}). VictoriaMetrics "
                "takes readings and can't give them back: curves need InfluxDB"
            )
        if is_part:
            raise self._strange("it gave only a part of the rows: raise max-row-limit in its configuration")
        tags = [name for name in columns if name in series.tags]
        try:
            places = [series.columns.index(name) for name in columns if name not in series.tags]
            if not tags:
                return list(map(itemgetter(*places), series.values))
            return [
                tuple(
                    series.tags[name] if name in series.tags else row[series.columns.index(name)]
                    for name in columns
                )
                for row in series.values
            ]
        except (ValueError, IndexError) as error:
            raise self._strange("the rows don't fit the question") from error

    def _why(self, answer: Answer) -> str:
        """One line for an answer that is none."""
        place, bucket, text = self._target.place, self._target.bucket, " ".join(answer.text.split())
        shown, lower = text[:_SHOWN_MOST], text.lower()
        if answer.status == NO_ANSWER:
            return f"InfluxDB at {place} does not answer: {shown}"
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or "not authorized" in lower:
            return (
                f"InfluxDB at {place} does not let us read ({answer.status}): INFLUXDB_V2_TOKEN must be a token, for "
                f"1.x user:password, that may read {bucket!r}"
            )
        if "dbrp" in lower or "retention policy not found" in lower:
            return (
                f"InfluxDB at {place} has no DBRP mapping for {bucket!r}: make one with `influx v1 dbrp create --db "
                f"{bucket} --rp autogen --default --bucket-id …` (2.x needs it for InfluxQL)"
            )
        if "database not found" in lower:
            return (
                f"InfluxDB at {place} has no database {bucket!r}: create it, or set GASWATCH_INFLUX_BUCKET to the one "
                "that is meant"
            )
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            return (
                f"{place} has no /query ({answer.status}): INFLUXDB_V2_URL must be the address of an InfluxDB, "
                "without a path"
            )
        return f"InfluxDB at {place} answers {answer.status}: {shown}"

    def _strange(self, what: str) -> StoreDownError:
        return StoreDownError(f"the answer of {self._target.place} can't be used: {what}")


def quoted(value: str) -> str:
    r"""A string as InfluxQL takes it.

    >>> quoted("it's")
    "'it\\'s'"
    """
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def number(value: Any) -> float | None:  # noqa: ANN401 -- whatever a server gives
    """A field's value; None for none. Raises `TypeError` for what is no number."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise TypeError(f"{value!r} is no number")
