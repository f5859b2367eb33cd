"""Seals the journal in blocks by a hash chain, and finds what was changed or removed afterwards.

A block's hash covers the block before and the stored bytes of its entries (`gascore.seal.chain`), so a
third party can repeat the proof with nothing but the two tables. Cutting off the end is only visible to
somebody who has written down the newest block (docs/adr/0004).
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import Connection, Engine, LargeBinary, cast, func, insert, select

from gascore.journal import decode
from gascore.seal import chain
from gaswatch.stores.engine import reading
from gaswatch.stores.journal_rows import columns_of
from gaswatch.stores.schema import journal, journal_block

BLOCK_ENTRIES: Final = 1_000
BLOCK_AGE_MS: Final = 10_000
"""An entry waits at most this long for its block to fill."""
GENESIS: Final = bytes(32)
"""What the first block continues."""
_BLOCKS_AT_ONCE: Final = 20
"""Blocks in one transaction: others can't append while it lasts."""

_entries: Final = select(
    journal.c.id,
    journal.c.at_ms,
    journal.c.kind,
    journal.c.detector,
    journal.c.site,
    journal.c.alarm,
    # SQLite stores what it is given: somebody else's UPDATE may have left text here, which must be hashed, too.
    cast(journal.c.body, LargeBinary),
).order_by(journal.c.id)
_blocks: Final = select(
    journal_block.c.first_id,
    journal_block.c.last_id,
    journal_block.c.sealed_ms,
    cast(journal_block.c.previous, LargeBinary),
    cast(journal_block.c.hash, LargeBinary),
)


class Block(msgspec.Struct, frozen=True):
    """A sealed stretch of the journal: its entries' ids, the hash it continues, and its own."""

    first_id: int
    last_id: int
    sealed_ms: int
    previous: bytes
    hash: bytes


class Finding(StrEnum):
    """What can be wrong with a stored journal."""

    CHANGED = "changed"
    """The bytes of a sealed block are not those that were sealed."""
    MISSING = "missing"
    """Entries are gone."""
    INSERTED = "inserted"
    """An entry stands where none can be."""
    CHAIN_BROKEN = "chain_broken"
    """A block does not continue the one before: a block was removed, added or changed."""
    MISFILED = "misfiled"
    """An entry's columns say something else than its body, so that a search would miss it."""
    CUT_OFF = "cut_off"
    """The block that was written down elsewhere is not in the chain any more."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, in the entries `first_id` to `last_id`."""

    finding: Finding
    first_id: int
    last_id: int
    detail: str


class _Stored(msgspec.Struct, frozen=True, gc=False):
    """A row of the journal as it lies there, in the order of `_entries`."""

    id: int
    at_ms: int
    kind: str
    detector: str | None
    site: str | None
    alarm: int | None
    body: bytes


def seal_in(connection: Connection, now_ms: int) -> int:
    """Seal full blocks, and a last one whose first entry is older than `BLOCK_AGE_MS`; bounded work.

    The caller holds the journal's lock. Returns the number of new blocks; call again while it is not 0.
    """
    block = newest_block(connection)
    sealed = 0
    while sealed < _BLOCKS_AT_ONCE:
        last_id, previous = (block.last_id, block.hash) if block else (0, GENESIS)
        rows = _read(connection, last_id, last_id + BLOCK_ENTRIES)
        if not rows or (len(rows) < BLOCK_ENTRIES and now_ms - rows[0].at_ms < BLOCK_AGE_MS):
            break
        block = Block(last_id + 1, rows[-1].id, now_ms, previous, _hash(previous, rows))
        connection.execute(insert(journal_block).values(**msgspec.structs.asdict(block)))
        sealed += 1
    return sealed


def newest_block(connection: Connection) -> Block | None:
    """The end of the chain."""
    row = connection.execute(_blocks.order_by(journal_block.c.first_id.desc()).limit(1)).one_or_none()
    return None if row is None else Block(*row)


def verify(
    engine: Engine, noted: Block | None = None, seen: Callable[[int], None] | None = None
) -> list[Problem]:
    """Everything that is wrong, oldest first; an empty list is the proof. Blocking.

    Reads in short transactions, so that a running service is not held up.

    Args:
        engine: the store.
        noted: a block that was written down elsewhere (`newest_block`); without it, nobody can tell that
            the end was cut off.
        seen: told the last entry of each block that has been checked, for showing progress.

    Raises:
        StoreDownError: the store can't be read.
    """
    problems = _before_the_first(engine)
    previous = Block(0, 0, 0, GENESIS, GENESIS)
    noted_is_there = noted is None
    while True:
        with reading(engine) as connection:
            blocks = _blocks_after(connection, previous.first_id)
            for block in blocks:
                problems.extend(_check_block(connection, previous, block))
                noted_is_there = noted_is_there or block == noted
                previous = block
                if seen is not None:
                    seen(block.last_id)
        if not blocks:
            break
    problems.extend(_check_tail(engine, previous.last_id))
    if noted is not None and not noted_is_there:
        problems.append(
            Problem(Finding.CUT_OFF, noted.first_id, noted.last_id, "the noted block is not in the chain")
        )
    return problems


def _before_the_first(engine: Engine) -> list[Problem]:
    with reading(engine) as connection:
        low, high = connection.execute(
            select(func.min(journal.c.id), func.max(journal.c.id)).where(journal.c.id < 1)
        ).one()
    return [] if low is None else [Problem(Finding.INSERTED, low, high, "ids begin at 1")]


def _blocks_after(connection: Connection, first_id: int) -> list[Block]:
    found = connection.execute(
        _blocks.where(journal_block.c.first_id > first_id)
        .order_by(journal_block.c.first_id)
        .limit(_BLOCKS_AT_ONCE)
    )
    return [Block(*row) for row in found]


def _check_block(connection: Connection, previous: Block, block: Block) -> Iterator[Problem]:
    if block.first_id != previous.last_id + 1:
        yield Problem(
            Finding.CHAIN_BROKEN,
            min(previous.last_id + 1, block.first_id),
            block.first_id,
            f"the block before ends at {previous.last_id}, this one begins at {block.first_id}",
        )
    elif block.previous != previous.hash:
        yield Problem(
            Finding.CHAIN_BROKEN, block.first_id, block.last_id, "does not continue the block before"
        )
    rows = _read(connection, block.first_id - 1, block.last_id)
    yield from _gaps(rows, block.first_id, block.last_id)
    if _hash(block.previous, rows) != block.hash:
        yield Problem(
            Finding.CHANGED, block.first_id, block.last_id, "the entries are not those that were sealed"
        )
    yield from _misfiled(rows)


def _check_tail(engine: Engine, last_id: int) -> Iterator[Problem]:
    """What is not sealed yet has no hash, but its ids and columns can be wrong already."""
    while True:
        with reading(engine) as connection:
            found = connection.execute(_entries.where(journal.c.id > last_id).limit(BLOCK_ENTRIES))
            rows = [_Stored(*row) for row in found]
        if not rows:
            return
        yield from _gaps(rows, last_id + 1, rows[-1].id)
        yield from _misfiled(rows)
        last_id = rows[-1].id


def _gaps(rows: Sequence[_Stored], first_id: int, last_id: int) -> Iterator[Problem]:
    expected = first_id
    for number in [*(row.id for row in rows), last_id + 1]:
        if number > expected:
            yield Problem(Finding.MISSING, expected, number - 1, f"{number - expected} entries are missing")
        expected = number + 1


def _misfiled(rows: Sequence[_Stored]) -> Iterator[Problem]:
    for row in rows:
        try:
            columns = columns_of(decode(row.body))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield Problem(Finding.MISFILED, row.id, row.id, f"the body can't be read: {error}")
            continue
        wrong = [name for name, value in columns.items() if getattr(row, name) != value]
        if wrong:
            yield Problem(Finding.MISFILED, row.id, row.id, f"not as in the body: {', '.join(wrong)}")


def _read(connection: Connection, after: int, until: int) -> list[_Stored]:
    found = connection.execute(_entries.where(journal.c.id > after, journal.c.id <= until))
    return [_Stored(*row) for row in found]


def _hash(previous: bytes, rows: Sequence[_Stored]) -> bytes:
    return chain(previous, [(row.id, row.at_ms, row.body) for row in rows])
