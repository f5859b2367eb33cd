"""Whatever happens to alarms and to the line, a browser that has caught up shows exactly the board."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dashboard.rules.board import Board
from dashboard.rules.rows import Row
from dashboard.rules.stream import Ring
from gascore.alarm import Alarm
from gascore.journal import AlarmStep, Entry
from gascore.words import AlarmId
from support.alarms import NOW_MS, a_leak, acked, closed, later, stepped


class Delta(msgspec.Struct):
    rows: tuple[Row, ...]
    gone: tuple[AlarmId, ...]


class Server:
    """Board and ring as the follower uses them: entries are folded at once and pushed some time later."""

    def __init__(self, deltas: int) -> None:
        self.board = Board()
        self.ring = Ring("e", deltas=deltas)
        self.id = 0
        self.alarms: dict[int, Alarm] = {}
        self.opened = 0

    def happen(self, what: int) -> None:
        """Open, acknowledge, worsen or close an alarm."""
        alive = sorted(self.alarms)
        if what % 4 == 0 or not alive:
            self.opened += 1
            self.alarms[self.opened] = a_leak(self.opened, detector=f"d{self.opened}")
            self._fold(self.alarms[self.opened], AlarmStep.OPENED)
            return
        one = alive[what // 4 % len(alive)]
        match what % 4:
            case 1:
                self.alarms[one] = acked(self.alarms[one])
                self._fold(self.alarms[one], AlarmStep.ACKED)
            case 2:
                self.alarms[one] = later(self.alarms[one], peak_lel=float(what))
                self._fold(self.alarms[one], AlarmStep.WORSE)
            case _:
                self._fold(closed(self.alarms.pop(one)), AlarmStep.CLOSED)

    def push(self) -> None:
        changes = self.board.take()
        if changes:
            self.ring.push(self.id, msgspec.json.encode(Delta(changes.rows, changes.gone)))

    def _fold(self, alarm: Alarm, step: AlarmStep) -> None:
        self.id += 1
        self.board.fold([Entry(self.id, NOW_MS, stepped(alarm, step))])


class Browser:
    """Keeps what the stream told it, and the id of the last event; may lose the line and come back."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rows: dict[int, Row] = {}
        self.last: str | None = None
        self.cursor: int | None = None

    def lose_the_line(self) -> None:
        self.cursor = None if self.last is None else self.server.ring.resume(self.last, self.server.id)

    def read(self, at_most: int) -> None:
        """Take what the server would send; a slow browser takes only some of it."""
        ring = self.server.ring
        missed = None if self.cursor is None else ring.since(self.cursor)
        if missed is None:
            self.rows = {row.id: row for row in self.server.board.rows()}
            self.last, self.cursor = ring.event_id(self.server.id), ring.end
            return
        assert self.cursor is not None
        for body in missed.bodies[:at_most]:
            delta = msgspec.json.decode(body, type=Delta)
            self.rows.update({row.id: row for row in delta.rows})
            for gone in delta.gone:
                self.rows.pop(gone, None)
            self.cursor += 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.integers(0, 40)),
        st.tuples(st.just("push"), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 5)),
        st.tuples(st.just("lose"), st.just(0)),
    ),
    max_size=60,
)


@given(steps=STEPS, deltas=st.integers(1, 6))
def test_a_browser_that_has_caught_up_shows_exactly_the_board(
    steps: list[tuple[str, int]], deltas: int
) -> None:
    server = Server(deltas)
    browser = Browser(server)
    for what, number in steps:
        match what:
            case "happen":
                server.happen(number)
            case "push":
                server.push()
            case "read":
                browser.read(number)
            case _:
                browser.lose_the_line()
    server.push()
    browser.read(1000)
    assert browser.rows == {row.id: row for row in server.board.rows()}
