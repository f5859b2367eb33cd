"""A journal with sealed blocks on SQLite, and hands that change it behind our back."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gascore.journal import FirstReport, SignedIn
from gascore.words import DetectorId, SiteId
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.schema import metadata

BEGIN_MS = 1_767_196_800_000
BLOCK = 1_000
UNSEALED = 3


def a_sealed_journal(folder: Path, *, blocks: int = 2) -> Path:
    """`blocks` full blocks and a few entries that are not sealed yet; returns the database's file."""
    file = folder / "gaswatch.db"
    engine = open_engine(f"sqlite:///{file}")
    metadata.create_all(engine)
    journal = SqlJournal(engine)
    journal.append([SignedIn(user="王", ok=True, address="10.0.0.1")], BEGIN_MS)
    reports = [
        FirstReport(detector=DetectorId(f"D{number}"), site=SiteId("S1"), received_ms=BEGIN_MS + number)
        for number in range(blocks * BLOCK - 1 + UNSEALED)
    ]
    journal.append(reports, BEGIN_MS + 1)
    while journal.seal(BEGIN_MS + 2):
        pass
    engine.dispose()
    return file


def tamper(file: Path, *statements: str) -> None:
    """Change the stored journal as somebody with the database's password could."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
