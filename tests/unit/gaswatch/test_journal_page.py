"""docs/journal-format.md, followed by somebody who has nothing but the page: sqlite3 and hashlib."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.sealed_journal import BLOCK, UNSEALED, a_sealed_journal, tamper

PAGE = (Path(__file__).resolve().parents[3] / "docs/journal-format.md").read_text()


def block_hash(previous: bytes, entries: list[tuple[int, int, bytes]]) -> bytes:
    """As under "The hash"."""
    text = previous
    for number, at_ms, body in entries:
        text += f"{number}:{at_ms}:{len(body)}:".encode() + body
    return hashlib.sha256(text).digest()


def is_sound(file: Path, written_down: str | None = None) -> bool:
    """As under "Checking"."""
    with closing(sqlite3.connect(file)) as database:
        entries = database.execute("SELECT id, at_ms, CAST(body AS BLOB) FROM journal ORDER BY id").fetchall()
        blocks = database.execute(
            "SELECT first_id, last_id, previous, hash FROM journal_block ORDER BY first_id"
        ).fetchall()
    begin, previous, ends = 1, bytes(32), {}
    for first_id, last_id, continues, sealed in blocks:
        inside = [entry for entry in entries if first_id <= entry[0] <= last_id]
        whole = [entry[0] for entry in inside] == list(range(first_id, last_id + 1))
        if not (
            first_id == begin and continues == previous and whole and sealed == block_hash(previous, inside)
        ):
            return False
        begin, previous = last_id + 1, sealed
        ends[last_id] = sealed.hex()
    if written_down is not None:
        last, _, expected = written_down.partition(":")
        if ends.get(int(last)) != expected:
            return False
    return [entry[0] for entry in entries] == list(range(1, len(entries) + 1))


def test_the_pages_example_has_the_hash_that_the_page_says() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| `(.*)` \|$", PAGE, re.MULTILINE)
    said = re.search(r"^hash = ([0-9a-f]{64})$", PAGE, re.MULTILINE)

    assert len(rows) == 2
    assert said
    entries = [(int(number), int(at_ms), body.encode()) for number, at_ms, body in rows]
    assert block_hash(bytes(32), entries).hex() == said[1]


def test_a_journal_as_it_was_written_is_sound(tmp_path: Path) -> None:
    file = a_sealed_journal(tmp_path)
    with closing(sqlite3.connect(file)) as database:
        (count,) = database.execute("SELECT count(*) FROM journal").fetchone()
        last, sealed = database.execute("SELECT last_id, hash FROM journal_block ORDER BY 1 DESC").fetchone()

    assert count == 2 * BLOCK + UNSEALED
    assert is_sound(file)
    assert is_sound(file, f"{last}:{sealed.hex()}")


CHANGES = [
    ("UPDATE journal SET at_ms = at_ms + 1 WHERE id = 7",),
    ("UPDATE journal SET body = replace(CAST(body AS TEXT), '王', '李') WHERE id = 1",),
    ("DELETE FROM journal WHERE id = 1500",),
    ("DELETE FROM journal WHERE id = 2002",),
    ("INSERT INTO journal (id, at_ms, kind, body) VALUES (0, 1, 'x', '{}')",),
    ("DELETE FROM journal_block WHERE first_id = 1",),
    ("DELETE FROM journal_block WHERE first_id = 1", "DELETE FROM journal WHERE id <= 1000"),
    ("UPDATE journal_block SET previous = zeroblob(32) WHERE first_id = 1001",),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_found(tmp_path: Path, change: tuple[str, ...]) -> None:
    file = a_sealed_journal(tmp_path)
    tamper(file, *change)
    assert not is_sound(file)


def test_an_end_that_was_cut_off_is_found_by_what_was_written_down(tmp_path: Path) -> None:
    file = a_sealed_journal(tmp_path)
    with closing(sqlite3.connect(file)) as database:
        last, sealed = database.execute("SELECT last_id, hash FROM journal_block ORDER BY 1 DESC").fetchone()
    tamper(file, "DELETE FROM journal_block WHERE first_id = 1001", "DELETE FROM journal WHERE id > 1000")

    assert is_sound(file)
    assert not is_sound(file, f"{last}:{sealed.hex()}")
