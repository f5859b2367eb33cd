"""HTTP to the series database: one write of ready bytes, one answer, never an exception.

influxdb-client carries it, synchronously. Not by its `Point`s (18 times the cost of a line), nor by its batching
writer: that loses lines without a word when the server is away for long (docs/adr/0015).
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from math import isfinite
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import urllib3.exceptions
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from gaswatch.stores.influx.policy import NO_ANSWER, Answer

CONNECT_S: Final = 5.0
READ_S: Final = 15.0
"""Between two bytes of an answer. InfluxDB gives up a write by itself after 10 s (`write-timeout`)."""
_MOST_TEXT: Final = 2_000
_PRECISION: Final = "ms"


class Dialect(Enum):
    """How a server wants to be written to."""

    V1 = "/write"
    V2 = "/api/v2/write"


class Target(NamedTuple):
    """Where to: the address without a final slash, the token (1.x: user:password) or "", organization, bucket."""

    url: str
    token: str
    org: str
    bucket: str

    @property
    def place(self) -> str:
        """Host and port, without the password that an address may hold."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"


class Transport:
    """One client of one server; for one thread at a time."""

    def __init__(self, target: Target, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        self.target = target
        self._timeout = (round(connect_s * 1000), round(read_s * 1000))
        untyped: Any = WriteService
        self._client: Any = InfluxDBClient(url=target.url, token=target.token, org=target.org)
        self._writes = untyped(self._client.api_client)

    def write(self, payload: bytes, dialect: Dialect) -> Answer:
        """Send gzip of lines with instants in ms; `Answer.status` is 204 when they are stored."""
        if dialect is Dialect.V1:
            query = [("db", self.target.bucket), ("precision", _PRECISION)]
            headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
            return self.request("POST", dialect.value, query, payload, headers | self.basic())

        def post() -> Answer:
            _, status, headers = self._writes.post_write_with_http_info(
                self.target.org,
                self.target.bucket,
                payload,
                precision=_PRECISION,
                content_encoding="gzip",
                _request_timeout=self._timeout,
            )
            return Answer(status, self._client.api_client.last_response.data, version=_version(headers))

        return _answer_of(post)

    def request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any other request, with the token."""
        api = self._client.api_client

        def ask() -> Answer:
            answer = api.request(
                method,
                self.target.url.rstrip("/") + path,
                query_params=list(query),
                headers={"Content-Type": "text/plain", **api.default_headers, **(headers or {})},
                body=body,
                _request_timeout=self._timeout,
            )
            return Answer(answer.status, answer.data, version=_version(answer.getheaders()))

        return _answer_of(ask)

    def basic(self) -> dict[str, str]:
        """The header for InfluxDB before 1.8, which knows no tokens; the token is user:password then."""
        if ":" not in self.target.token:
            return {}
        return {"Authorization": f"Basic {b64encode(self.target.token.encode()).decode()}"}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _answer_of(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except ApiException as error:
        headers: Mapping[str, str] = error.headers or {}
        return Answer(
            error.status or NO_ANSWER,
            " ".join(str(error.body or error.reason or "").split())[:_MOST_TEXT],
            _seconds(headers.get("Retry-After")),
            _version(headers),
        )
    except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
        return Answer(NO_ANSWER, _in_words(error))


def _version(headers: Mapping[str, str]) -> str | None:
    return headers.get("X-Influxdb-Version")


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is not used by InfluxDB, and not followed."""
    try:
        seconds = float(text) if text else 0.0
    except ValueError:
        return None
    return seconds if seconds > 0 and isfinite(seconds) else None


# The first that fits: some are kinds of the later ones.
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (urllib3.exceptions.NameResolutionError, "its name is not known"),
    (urllib3.exceptions.NewConnectionError, "no connection ({})"),
    (urllib3.exceptions.ConnectTimeoutError, "it can't be reached (timed out)"),
    (urllib3.exceptions.ReadTimeoutError, "it takes the connection, but does not answer (timed out)"),
    (urllib3.exceptions.ProtocolError, "the connection broke ({})"),
)


def _in_words(error: Exception) -> str:
    """Without the address, which may hold a password, and without the objects that urllib3 quotes."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words.format(_cause(error))
    return f"no answer ({type(error).__name__})"


def _cause(error: BaseException) -> str:
    """The innermost reason: what the system says."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or type(error).__name__
