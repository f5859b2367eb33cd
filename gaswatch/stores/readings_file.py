"""The file of the embedded time series: its tables and their key.

`hot` takes readings in the order of time; `chunk` has one compressed row per detector and hour; `late` has
what came for an hour that is sealed already (docs/adr/0005).
"""

from pathlib import Path
from typing import Final

from gascore.journal import StoreDownError
from gaswatch.stores.sqlite_file import SqliteFile

NO_BITS: Final = 20
"""Of a reading's key; the instant stands before the detector's number, so that the newest row is the last."""
NO_MASK: Final = (1 << NO_BITS) - 1
_VERSION: Final = 1
"""`PRAGMA user_version` of the tables below."""
_ROW: Final = (
    "k INTEGER PRIMARY KEY, lel INTEGER, co INTEGER, state INTEGER NOT NULL, batt INTEGER, rssi INTEGER"
)
_TABLES: Final = (
    """CREATE TABLE detector(
        no INTEGER PRIMARY KEY, id TEXT NOT NULL, site TEXT NOT NULL, area TEXT NOT NULL, gas TEXT NOT NULL
    )""",
    f"CREATE TABLE hot({_ROW})",
    f"CREATE TABLE late({_ROW})",
    """CREATE TABLE chunk(
        no INTEGER NOT NULL, hour_ms INTEGER NOT NULL,
        number INTEGER NOT NULL, lel_number INTEGER NOT NULL,
        lel_min INTEGER, lel_max INTEGER, lel_sum INTEGER NOT NULL, state_max INTEGER NOT NULL,
        format INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY(no, hour_ms)
    ) WITHOUT ROWID""",
    # Before this instant nothing is written to `hot` any more: the sealer has it for itself.
    "CREATE TABLE sealed(id INTEGER PRIMARY KEY CHECK (id = 1), until_ms INTEGER NOT NULL)",
    "INSERT INTO sealed VALUES (1, 0)",
)


def key(at_ms: int, no: int) -> int:
    """A reading's primary key."""
    return at_ms << NO_BITS | no


class ReadingsFile(SqliteFile):
    """The file with these tables."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises as `SqliteFile` does."""
        super().__init__(path, _TABLES, _VERSION)

    def damaged(self, no: int, hour_ms: int, error: Exception) -> StoreDownError:
        """The error for a chunk that can't be unpacked."""
        return StoreDownError(
            f"{self.path}: detector number {no}, hour {hour_ms}: {error} (restore a backup of the file)"
        )
