"""The spool keeps what it has acknowledged, in order, within its bound."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gascore.journal import StoreDownError
from gaswatch.stores.engine import StoreUnusableError
from gaswatch.stores.influx.lines import Packed
from gaswatch.stores.influx.spool import DEAD_MOST, DeadLetter, Fill, Spool

pytestmark = pytest.mark.contract
NOW_MS = 1_790_000_000_000
PLENTY = 1 << 30
ROW = 64
"""What a row is counted with beside its payload."""
BAD = DeadLetter(400, "no", "detector state=0i 1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    spool = Spool(path, PLENTY)
    yield spool
    spool.close()


def numbered(number: int, size: int = 100, points: int = 1) -> Packed:
    return Packed(points, number.to_bytes(4, "big") * (size // 4))


def numbers(spool: Spool, most: int = 1_000_000) -> list[int]:
    return [int.from_bytes(one.payload[:4], "big") for one in spool.oldest(most)]


def test_rows_come_out_as_they_went_in(spool: Spool) -> None:
    spool.put([numbered(1), numbered(2)], NOW_MS)
    spool.put([numbered(3)], NOW_MS)
    assert numbers(spool) == [1, 2, 3]
    assert numbers(spool) == [1, 2, 3]  # they stay until they are settled


def test_a_write_takes_as_many_rows_as_fit_and_one_at_least(spool: Spool) -> None:
    spool.put([numbered(one, points=2_000) for one in range(1, 5)], NOW_MS)
    assert numbers(spool, 5_000) == [1, 2]
    assert numbers(spool, 6_000) == [1, 2, 3]
    assert numbers(spool, 10) == [1]


def test_what_is_settled_is_gone_and_its_dead_letters_are_kept(spool: Spool) -> None:
    spool.put([numbered(1), numbered(2)], NOW_MS)
    spool.settle([spool.oldest(1)[0].id], [BAD], NOW_MS + 5)
    assert numbers(spool) == [2]
    assert spool.dead_letters(10) == [BAD]
    assert (spool.fill.dead, spool.fill.dead_ms) == (1, NOW_MS + 5)


def test_how_full_it_is_is_known_after_reopening(path: Path) -> None:
    spool = Spool(path, PLENTY)
    assert spool.fill == Fill(0, 0, None, 0, 0, 0, 0)
    spool.put([numbered(1, points=7)], NOW_MS)
    spool.put([numbered(2, points=5)], NOW_MS + 1_000)
    spool.settle([spool.oldest(1)[0].id], [BAD, BAD], NOW_MS + 2_000)
    expected = Fill(100 + ROW, 5, NOW_MS + 1_000, 0, 0, 2, NOW_MS + 2_000)
    assert spool.fill == expected
    spool.close()
    again = Spool(path, PLENTY)
    assert again.fill == expected
    again.close()


def test_when_it_is_full_the_oldest_make_room_and_are_counted(path: Path) -> None:
    spool = Spool(path, 3 * (100 + ROW))
    for number in range(1, 6):
        spool.put([numbered(number, points=10)], NOW_MS + number)
    assert numbers(spool) == [3, 4, 5]
    assert spool.fill == Fill(3 * (100 + ROW), 30, NOW_MS + 3, 20, NOW_MS + 5, 0, 0)
    spool.close()
    again = Spool(path, PLENTY)
    assert again.fill.dropped == 20
    again.close()


def test_one_write_that_is_bigger_than_all_of_it_is_kept_nevertheless(path: Path) -> None:
    spool = Spool(path, 1_000)
    spool.put([numbered(1)], NOW_MS)
    spool.put([numbered(2, size=4_000)], NOW_MS)
    assert numbers(spool) == [2]
    spool.close()


def test_what_made_room_while_it_was_sent_is_not_taken_off_twice(path: Path) -> None:
    spool = Spool(path, 2 * (100 + ROW))
    spool.put([numbered(1), numbered(2)], NOW_MS)
    under_way = [one.id for one in spool.oldest(10)]
    spool.put([numbered(3)], NOW_MS)
    spool.settle(under_way, [], NOW_MS)
    assert numbers(spool) == [3]
    assert spool.fill.points == 1
    spool.close()


def test_a_number_never_comes_again_even_when_all_is_settled(path: Path) -> None:
    spool = Spool(path, PLENTY)
    spool.put([numbered(1)], NOW_MS)
    first = [one.id for one in spool.oldest(10)]
    spool.settle(first, [], NOW_MS)
    spool.close()
    again = Spool(path, PLENTY)
    again.put([numbered(2)], NOW_MS)
    again.settle(first, [], NOW_MS)
    assert numbers(again) == [2]
    again.close()


def test_dead_letters_are_bounded_and_all_of_them_counted(spool: Spool) -> None:
    letters = [DeadLetter(422, "no", str(number)) for number in range(DEAD_MOST + 5)]
    spool.settle([], letters, NOW_MS)
    kept = spool.dead_letters(2 * DEAD_MOST)
    assert len(kept) == DEAD_MOST
    assert kept[0] == letters[-1]
    assert spool.fill.dead == DEAD_MOST + 5


def test_the_disk_is_given_back_after_an_outage(path: Path, spool: Spool) -> None:
    for number in range(200):
        spool.put([numbered(number, size=100_000)], NOW_MS)
    full = path.stat().st_size
    spool.settle([one.id for one in spool.oldest(PLENTY)], [], NOW_MS)
    spool.shrink()
    spool.put([numbered(1)], NOW_MS)
    spool.close()  # the last connection brings the write-ahead log into the file
    assert path.stat().st_size < full / 10


def test_many_small_rows_become_one_that_takes_less_disk(path: Path, spool: Spool) -> None:
    for number in range(130):
        spool.put([numbered(number, points=10)], NOW_MS + number)
    before = spool.fill
    while spool.merge(b"".join, 500):
        pass
    entries = spool.oldest(PLENTY)
    assert [one.points for one in entries] == [500, 500] + [10] * 30
    joined = b"".join(one.payload for one in entries)
    assert joined == b"".join(numbered(number).payload for number in range(130))
    assert spool.fill == before._replace(bytes=before.bytes - 98 * ROW)
    spool.settle([entries[0].id], [], NOW_MS)
    assert spool.fill.oldest_ms == NOW_MS + 50
    again = Spool(path, PLENTY)
    assert again.fill == spool.fill
    again.close()


def test_what_is_too_few_or_big_already_is_not_merged(spool: Spool) -> None:
    for number in range(24):
        spool.put([numbered(number, points=100)], NOW_MS)
    assert not spool.merge(b"".join, 5_000)  # more may come
    spool.put([numbered(24, points=4_000)], NOW_MS)
    assert spool.merge(b"".join, 5_000)
    assert not spool.merge(b"".join, 5_000)
    assert len(spool.oldest(PLENTY)) == 25


def test_rows_that_make_room_while_they_are_merged_stay_gone(path: Path) -> None:
    spool = Spool(path, 60 * (100 + ROW))

    def join(payloads: Sequence[bytes]) -> bytes:
        spool.put([numbered(100)], NOW_MS)
        return b"".join(payloads)

    for number in range(60):
        spool.put([numbered(number)], NOW_MS)
    assert spool.merge(join, 50)
    assert numbers(spool) == [*range(1, 60), 100]
    assert spool.fill.dropped == 1
    spool.close()


def test_it_is_filled_and_emptied_by_two_threads_at_once(spool: Spool) -> None:
    taken: list[int] = []

    def drain() -> None:
        while len(taken) < 300:
            entries = spool.oldest(7)
            taken.extend(int.from_bytes(one.payload[:4], "big") for one in entries)
            spool.settle([one.id for one in entries], [], NOW_MS)

    drainer = threading.Thread(target=drain)
    drainer.start()
    for number in range(300):
        spool.put([numbered(number)], NOW_MS)
    drainer.join(30)
    assert taken == list(range(300))
    assert spool.fill == Fill(0, 0, None, 0, 0, 0, 0)


class SpoolModel(RuleBasedStateMachine):
    """The spool against a list, reopened at any instant."""

    @initialize(most=st.integers(200, 3_000))
    def begin(self, most: int) -> None:
        self.most = most
        self.rows: list[tuple[int, Packed]] = []
        self.dropped = self.dead = self.count = 0
        self.path = Path(self.folder.name) / f"spool-{id(self)}.db"
        self.spool = Spool(self.path, most)

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()

    @rule(sizes=st.lists(st.tuples(st.integers(1, 200), st.integers(1, 50)), max_size=4))
    def put(self, sizes: list[tuple[int, int]]) -> None:
        packed = [
            numbered(self.count + index, 4 * size, points) for index, (size, points) in enumerate(sizes)
        ]
        self.count += len(packed)
        self.spool.put(packed, NOW_MS + self.count)
        need = sum(len(one.payload) + ROW for one in packed)
        while packed and self.rows and self.bytes() + need > self.most:
            self.dropped += self.rows.pop(0)[1].points
        self.rows += [(NOW_MS + self.count, one) for one in packed]

    @rule(most=st.integers(1, 100), dead=st.integers(0, 2))
    def settle(self, most: int, dead: int) -> None:
        entries = self.spool.oldest(most)
        self.spool.settle([one.id for one in entries], [BAD] * dead, NOW_MS)
        del self.rows[: len(entries)]
        self.dead += dead

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.spool = Spool(self.path, self.most)

    @rule()
    def shrink(self) -> None:
        self.spool.shrink()

    @invariant()
    def it_holds_what_the_list_holds(self) -> None:
        if not hasattr(self, "spool"):
            return
        assert [one.payload for one in self.spool.oldest(PLENTY)] == [one.payload for _, one in self.rows]
        fill = self.spool.fill
        assert fill.bytes == self.bytes()
        assert fill.points == sum(one.points for _, one in self.rows)
        assert fill.oldest_ms == (self.rows[0][0] if self.rows else None)
        assert (fill.dropped, fill.dead) == (self.dropped, self.dead)

    def bytes(self) -> int:
        return sum(len(one.payload) + ROW for _, one in self.rows)

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
        self.folder.cleanup()


TestSpoolModel = SpoolModel.TestCase


def test_after_kill_9_every_acknowledged_row_is_there_in_order(path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", _PUTS, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(200)]
    child.kill()
    rest = child.stdout.read().split()
    child.wait()
    child.stdout.close()
    spool = Spool(path, PLENTY)
    found = numbers(spool)
    last = int(rest[-1]) if rest else acknowledged[-1]
    assert found == list(range(len(found)))
    assert len(found) > last
    spool.close()


_PUTS = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from gaswatch.stores.influx.lines import Packed
from gaswatch.stores.influx.spool import Spool

spool = Spool(Path(sys.argv[1]), 1 << 30)
number = 0
while True:
    spool.put([Packed(1, number.to_bytes(4, "big") * 250)], number)
    print(number, flush=True)
    number += 1
"""


def test_on_a_full_disk_it_refuses_and_goes_on_when_there_is_room(path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        timeout=60,
        check=True,
    )
    acknowledged, said = child.stdout.splitlines()
    assert said.startswith(f"{path}: ")
    spool = Spool(path, PLENTY)
    assert numbers(spool) == list(range(int(acknowledged)))
    spool.close()


# A limit on the size of files stands for the disk's end: the same write fails in the same way.
_FULL_DISK = """
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from gascore.journal import StoreDownError
from gaswatch.stores.influx.lines import Packed
from gaswatch.stores.influx.spool import Spool

spool = Spool(Path(sys.argv[1]), 1 << 30)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
number = 0

def put():
    spool.put([Packed(1, number.to_bytes(4, "big") * 1000)], number)

try:
    while True:
        put()
        number += 1
except StoreDownError as error:
    said = str(error)
assert spool.fill.points == number
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
put()
spool.close()
print(number + 1)
print(said)
"""


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusableError, match="set GASWATCH_DATA_DIR"):
        Spool(tmp_path / "file" / "spool.db", PLENTY)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"no database at all, but something that somebody needs" * 100)
    with pytest.raises(StoreDownError, match=r"spool\.db: file is not a database"):
        Spool(path, PLENTY)
    assert path.read_bytes().startswith(b"no database")
