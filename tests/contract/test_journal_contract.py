"""The journal on each store: ids without a gap whoever appends, and a seal that finds every change."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from gascore.journal import StoreDownError, encode
from gaswatch.stores.engine import writing
from gaswatch.stores.journal import SqlJournal, append_in
from gaswatch.stores.journal_seal import Finding, Problem
from gaswatch.stores.schema import journal, journal_block
from support.stores import Store, migrated_sqlite, signed_in

pytestmark = pytest.mark.contract
ENTRIES = 2_500
LATER_MS = 1_000_000


@pytest.fixture
def sealed(store: Store) -> SqlJournal:
    """Three blocks: two full ones, and 500 entries that had waited long enough; then a tail without a seal."""
    found = SqlJournal(store.engine)
    for at_ms in range(ENTRIES // 100):
        found.append([signed_in(f"user-{at_ms}")] * 100, at_ms)
    assert found.seal(LATER_MS) == 3
    found.append([signed_in("tail")] * 3, LATER_MS)
    assert found.seal(LATER_MS) == 0
    return found


def findings(problems: Sequence[Problem]) -> list[tuple[Finding, int, int]]:
    return [(one.finding, one.first_id, one.last_id) for one in problems]


def test_entries_come_back_in_order_after_a_cursor(store: Store) -> None:
    found = SqlJournal(store.engine)
    assert (found.last_id(), found.after(0, 10)) == (0, [])
    assert found.append([signed_in("a"), signed_in("b")], 5) == 2
    assert found.append([], 6) == 2
    assert found.append([signed_in("c")], 7) == 3
    assert [(one.id, one.at_ms, one.event) for one in found.after(1, 10)] == [
        (2, 5, signed_in("b")),
        (3, 7, signed_in("c")),
    ]
    assert [one.id for one in found.after(0, 2)] == [1, 2]
    assert found.last_id() == 3


def test_a_reader_misses_nothing_while_several_processes_append(store: Store) -> None:
    def append(name: str) -> None:
        own = SqlJournal(store.open())
        for number in range(20):
            own.append([signed_in(f"{name}-{number}-{part}") for part in range(3)], number)

    def follow() -> list[str]:
        own, seen, cursor = SqlJournal(store.open()), [], 0
        while cursor < 4 * 20 * 3:
            for entry in own.after(cursor, 50):
                assert entry.id == cursor + 1
                cursor = entry.id
                seen.append(entry.event.user)  # type: ignore[union-attr]  # only these were appended
        return seen

    with ThreadPoolExecutor(5) as pool:
        reader = pool.submit(follow)
        writers = [pool.submit(append, name) for name in "abcd"]
        for writer in writers:
            writer.result(60)
        seen = reader.result(60)
    for name in "abcd":
        mine = [one for one in seen if one.startswith(name)]
        assert mine == [f"{name}-{number}-{part}" for number in range(20) for part in range(3)]


def test_an_untouched_journal_verifies(sealed: SqlJournal) -> None:
    assert sealed.verify() == []
    noted = sealed.newest_block()
    assert noted is not None
    assert (noted.first_id, noted.last_id) == (2_001, 2_500)
    assert sealed.verify(noted) == []


def test_young_entries_wait_for_their_block_to_fill(store: Store) -> None:
    found = SqlJournal(store.engine)
    found.append([signed_in("a")], 1_000)
    assert (found.seal(1_000 + 9_999), found.newest_block()) == (0, None)
    assert found.seal(1_000 + 10_000) == 1


def test_a_changed_byte_is_found(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(
            update(journal).where(journal.c.id == 77).values(body=encode(signed_in("user-0", ok=False)))
        )
    assert findings(sealed.verify()) == [(Finding.CHANGED, 1, 1_000)]


def test_a_changed_instant_is_found(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(update(journal).where(journal.c.id == 1_001).values(at_ms=4))
    assert findings(sealed.verify()) == [(Finding.CHANGED, 1_001, 2_000)]


def test_a_removed_entry_is_found_sealed_or_not(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(delete(journal).where(journal.c.id.in_([1_500, 2_502])))
    assert findings(sealed.verify()) == [
        (Finding.MISSING, 1_500, 1_500),
        (Finding.CHANGED, 1_001, 2_000),
        (Finding.MISSING, 2_502, 2_502),
    ]


@pytest.mark.parametrize(
    ("number", "expected"), [(0, (Finding.INSERTED, 0, 0)), (9_000, (Finding.MISSING, 2_504, 8_999))]
)
def test_an_inserted_entry_is_found(
    sealed: SqlJournal, store: Store, number: int, expected: tuple[Finding, int, int]
) -> None:
    with writing(store.engine) as connection:
        connection.execute(
            insert(journal).values(
                id=number, at_ms=1, kind="user.signed_in", body=encode(signed_in("nobody"))
            )
        )
    assert findings(sealed.verify()) == [expected]


def test_a_swapped_pair_of_entries_is_found(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        for old, new in ((1, -1), (2_000, 1), (-1, 2_000)):
            connection.execute(update(journal).where(journal.c.id == old).values(id=new))
    assert findings(sealed.verify()) == [(Finding.CHANGED, 1, 1_000), (Finding.CHANGED, 1_001, 2_000)]


def test_an_entry_that_a_search_would_miss_is_found(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(update(journal).where(journal.c.id == 5).values(kind="user.signed_out"))
        connection.execute(update(journal).where(journal.c.id == 2_503).values(alarm=1))
    assert findings(sealed.verify()) == [(Finding.MISFILED, 5, 5), (Finding.MISFILED, 2_503, 2_503)]


def test_a_rewritten_block_breaks_the_chain(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(
            update(journal_block).where(journal_block.c.first_id == 1).values(hash=b"\x01" * 32)
        )
    assert findings(sealed.verify()) == [(Finding.CHANGED, 1, 1_000), (Finding.CHAIN_BROKEN, 1_001, 2_000)]


def test_a_removed_block_breaks_the_chain(sealed: SqlJournal, store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(delete(journal_block).where(journal_block.c.first_id == 1_001))
    assert (Finding.CHAIN_BROKEN, 1_001, 2_001) in findings(sealed.verify())


def test_an_end_that_was_cut_off_is_found_by_who_has_noted_the_newest_block(
    sealed: SqlJournal, store: Store
) -> None:
    noted = sealed.newest_block()
    with writing(store.engine) as connection:
        connection.execute(delete(journal).where(journal.c.id > 2_000))
        connection.execute(delete(journal_block).where(journal_block.c.first_id > 2_000))
    assert sealed.verify() == []
    assert findings(sealed.verify(noted)) == [(Finding.CUT_OFF, 2_001, 2_500)]


def test_nothing_is_stored_of_a_transaction_that_fails(store: Store) -> None:
    found = SqlJournal(store.engine)

    def fail() -> None:
        with writing(store.engine) as connection:
            append_in(connection, [signed_in("a")], 1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert (found.last_id(), found.after(0, 10)) == (0, [])


class TestOnlySqlite:
    """What a file does that a server does not."""

    @pytest.fixture
    def migrated_url(self, tmp_path: Path) -> str:
        return migrated_sqlite(tmp_path)

    @pytest.mark.parametrize(
        ("pragma", "says"),
        [
            ("query_only=ON", "readonly"),
            ("max_page_count=1", r"disk is full.*\(free some space\)"),
        ],
    )
    def test_a_store_that_takes_nothing_says_why(self, store: Store, pragma: str, says: str) -> None:
        poor = SqlJournal(store.open(pragma))
        with pytest.raises(StoreDownError, match=says):
            poor.append([signed_in("x" * 10_000)] * 100, 1)
        assert SqlJournal(store.engine).last_id() == 0

    def test_a_store_that_stays_locked_says_so(self, store: Store) -> None:
        waiting = SqlJournal(store.open("busy_timeout=50"))
        with writing(store.engine), pytest.raises(StoreDownError, match="kept it locked"):
            waiting.append([signed_in("a")], 1)
        assert waiting.append([signed_in("a")], 2) == 1
