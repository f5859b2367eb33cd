"""A server that takes line protocol as InfluxDB does, and misbehaves in each way that a test asks for."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gaswatch.stores.influx.lines import decompress
from support.odd_server import OddServer, Reply, an_odd_server

TAKEN = Reply(204)
HANGS = Reply(mood="hang")
RESETS = Reply(mood="reset")
BABBLES = Reply(mood="babble")


class FakeInflux:
    """Keeps what it takes by series and instant, as InfluxDB does.

    Attributes:
        version: of `/ping`.
        next: answers to the next writes with lines, before anything else.
        always: the answer to every write, with and without lines, while it is set.
        refuses: whether a line is bad.
        refusal: the answer to a write with bad lines.
        keeps_good: whether the good lines of a refused write are kept, as 1.x and 2.x do.
        most: lines in one write; more are too many (413).
        says_once: its answer, once, in place of the one for what it has just stored.
    """

    def __init__(self, odd: OddServer) -> None:
        self.url = odd.url
        self.version: str | None = "v2.7.1"
        self.next: deque[Reply] = deque()
        self.always: Reply | None = None
        self.refuses: Callable[[str], bool] = lambda _: False
        self.refusal = Reply(422, '{"code":"unprocessable entity","message":"field type conflict"}')
        self.keeps_good = True
        self.most = 1_000_000
        self.says_once: Reply | None = None
        self.stored: dict[str, str] = {}
        self.writes: list[list[str]] = []
        """The lines of each write that had some."""
        self.odd = odd
        odd.replies = self._reply

    def _reply(self, path: str, body: bytes) -> Reply:
        if path == "/ping":
            return Reply(204, headers={"X-Influxdb-Version": self.version} if self.version else {})
        if path not in {"/write", "/api/v2/write"}:
            return Reply(404, "404 page not found")
        if self.always is not None:
            return self.always
        lines = decompress(body).decode().splitlines()
        if not lines:
            return Reply(400, '{"code":"invalid","message":"writing requires points"}')
        self.writes.append(lines)
        return self.next.popleft() if self.next else self._take(lines)

    def _take(self, lines: list[str]) -> Reply:
        if len(lines) > self.most:
            return Reply(413, "<html>Request Entity Too Large</html>")
        good = [line for line in lines if not self.refuses(line)]
        if len(good) == len(lines) or self.keeps_good:
            self.stored.update(_key_and_fields(line) for line in good)
        once, self.says_once = self.says_once, None
        if once is not None:
            return once
        return TAKEN if len(good) == len(lines) else self.refusal


def _key_and_fields(line: str) -> tuple[str, str]:
    """A point's key, which is its series and its instant; the tags of tests have no blanks."""
    series, fields, at_ms = line.split(" ")
    return f"{series} {at_ms}", fields


@contextmanager
def a_fake_influx() -> Iterator[FakeInflux]:
    """It runs until the test is over."""
    with an_odd_server() as odd:
        yield FakeInflux(odd)
