"""Nobody else on the machine reads what is in the data folder: phone numbers, password hashes, keys."""

import fcntl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gascore.journal import StoreDownError
from gaswatch.lock import only_one
from gaswatch.secrets import Secrets
from gaswatch.stores.engine import StoreUnusableError, make_private, open_engine, reading
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.readings import EmbeddedReadings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_both_stores_are_readable_for_us_alone_with_the_files_beside_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    engine = open_engine(f"sqlite:///{tmp_path / 'gaswatch.db'}")
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    readings = EmbeddedReadings(tmp_path / "readings.db")
    files = sorted(one.name for one in tmp_path.iterdir())
    assert {"gaswatch.db", "readings.db", "readings.db-wal"} <= set(files)
    assert {mode(tmp_path / name) for name in files} == {0o600}
    readings.close()
    engine.dispose()


def test_a_file_that_is_there_keeps_the_mode_that_its_owner_gave_it(tmp_path: Path) -> None:
    file = tmp_path / "gaswatch.db"
    file.touch()
    file.chmod(0o640)
    engine = open_engine(f"sqlite:///{file}")
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    assert mode(file) == 0o640


def test_a_further_connection_takes_no_lock_from_the_ones_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "gaswatch.db"
    engine = open_engine(f"sqlite:///{file}")
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    locks = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with file.open("r+b") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)  # as SQLite does; closing any descriptor of the file would end it
        make_private(file)
        done = subprocess.run([sys.executable, "-c", locks, str(file)], capture_output=True, check=False)
    assert b"BlockingIOError" in done.stderr
    engine.dispose()


def test_a_data_folder_that_we_make_is_ours_alone(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'one' / 'gaswatch.db'}").dispose()
    Secrets(tmp_path / "two").mqtt_password("x")
    with only_one(tmp_path / "three"):
        pass
    assert [mode(tmp_path / name) for name in ("one", "two", "three")] == [0o700] * 3


def test_an_address_of_the_database_that_can_not_be_read_is_not_shown() -> None:
    with pytest.raises(StoreUnusableError) as error:
        open_engine("postgresql:/u:secret@host/db")
    assert str(error.value).startswith("GASWATCH_DATABASE_URL: ")
    assert "secret" not in str(error.value)


def test_a_store_without_tables_says_how_they_are_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'gaswatch.db'}")
    with pytest.raises(StoreDownError, match="run `gaswatch migrate`"):
        SqlJournal(engine).last_id()
    engine.dispose()
