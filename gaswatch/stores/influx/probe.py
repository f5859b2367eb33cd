"""What is at the other end, and what is missing there, in plain words.

Asked at the start, by `gaswatch check`, and again before each try after a failure: a server may have been upgraded,
or its token mended, meanwhile. Nothing is written. Whether it can be read is `query.Query`'s to say.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

from gaswatch.stores.influx.lines import compress
from gaswatch.stores.influx.policy import NO_ANSWER, Answer, Outcome, judge
from gaswatch.stores.influx.transport import Dialect, Target, Transport

_FIRST_WITH_V2_WRITE: Final = (1, 8)
_PLACES: Final = re.compile(r"\b(org|orgID|organization|bucket|database)\b", re.IGNORECASE)
_MOST_QUOTED: Final = 200


class Probe(NamedTuple):
    """What was found.

    Attributes:
        name: of the server, with its version where it tells it.
        dialect: how it is written to.
        problem: why nothing can be written, and what to do; None: it can.
        is_lasting: whether somebody has to mend the configuration; else it is away and may come back.
    """

    name: str
    dialect: Dialect
    problem: str | None = None
    is_lasting: bool = False


def probe(transport: Transport) -> Probe:
    """Look. Blocking, some seconds at most; never raises."""
    ping = transport.request("GET", "/ping")
    place = transport.target.place
    if ping.status == NO_ANSWER:
        return Probe(place, Dialect.V2, f"{place} does not answer: {ping.text}")
    name, dialect = _server(ping)
    # Nothing at all: the bucket and the rights are looked at, and no line is there to be stored.
    answer = transport.write(compress(b""), dialect)
    if answer.status == HTTPStatus.BAD_REQUEST and _PLACES.search(answer.text):
        answer = answer._replace(status=HTTPStatus.NOT_FOUND)  # 2.x, where no organization is named
    if not _is_open(answer):
        if ping.version is None and ping.status == answer.status == HTTPStatus.NOT_FOUND:
            return Probe(name, dialect, f"{place} is no InfluxDB: check INFLUXDB_V2_URL", is_lasting=True)
        return Probe(name, dialect, words(answer, transport.target), judge(answer, 1) is not Outcome.LATER)
    return Probe(name, dialect)


def _server(ping: Answer) -> tuple[str, Dialect]:
    if ping.version is None:
        return "a server without InfluxDB's version (VictoriaMetrics?)", Dialect.V2
    found = re.match(r"v?(\d+)\.(\d+)", ping.version)
    is_old = found is not None and (int(found[1]), int(found[2])) < _FIRST_WITH_V2_WRITE
    return f"InfluxDB {ping.version.removeprefix('v')}", Dialect.V1 if is_old else Dialect.V2


def _is_open(answer: Answer) -> bool:
    """Whether it only misses the lines: 2.x says 400 to a write of nothing, the others 204."""
    return answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST}


def words(answer: Answer, target: Target) -> str:
    """One line for a write that did not work: what is wrong, and what to do."""
    if answer.status == NO_ANSWER:
        return f"{target.place} does not answer: {answer.text}"
    quoted = _quoted(answer)
    return _meaning(answer.status, target) + (f" (it says: {quoted})" if quoted else "")


def _meaning(status: int, target: Target) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return "InfluxDB does not let us in: " + (
                "check INFLUXDB_V2_TOKEN" if target.token else "set INFLUXDB_V2_TOKEN"
            )
        case HTTPStatus.FORBIDDEN:
            return f"the token may not write to the bucket {target.bucket!r}: give it the right to"
        case HTTPStatus.NOT_FOUND:
            return (
                f"InfluxDB has no bucket {target.bucket!r} (in 1.x and 3: database) in the organization "
                f"{target.org!r}: make it, or check GASWATCH_INFLUX_BUCKET and INFLUXDB_V2_ORG"
            )
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return "InfluxDB refuses readings: look at its limits and at the types of its fields"
        case _ if judge(Answer(status), 1) is Outcome.LATER:
            return f"InfluxDB is in trouble: it answers {status}"
    return (
        f"{target.place} answers {status}, which InfluxDB does not: check INFLUXDB_V2_URL "
        "and what stands in front of it"
    )


class _Said(msgspec.Struct):
    """1.x says `error`, 2.x `message`, 3 either."""

    error: str = ""
    message: str = ""


def _quoted(answer: Answer) -> str:
    """What the server says, as far as it is a line for people."""
    try:
        said = msgspec.json.decode(answer.text, type=_Said)
        text = said.message or said.error
    except msgspec.DecodeError:
        text = "" if "<html" in answer.text.lower() else answer.text
    return " ".join(text.split())[:_MOST_QUOTED]
