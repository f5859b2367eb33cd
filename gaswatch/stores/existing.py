"""Opens a store that must be there already: for commands that read and must not leave an empty one behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gaswatch.settings import Settings
from gaswatch.stores.engine import StoreUnusableError, open_engine, reading
from gaswatch.stores.schema import journal


@contextmanager
def existing_store(settings: Settings) -> Iterator[Engine]:
    """The relational store of these settings, closed on leaving.

    Raises:
        StoreUnusableError: there is none, or it has no tables yet; the message says what to do.
        StoreDownError: it can't be read.
    """
    _must_exist(settings.database)
    engine = open_engine(settings.database)
    try:
        with reading(engine) as connection:
            if not inspect(connection).has_table(journal.name):
                address = engine.url.render_as_string(hide_password=True)
                raise StoreUnusableError(f"{address} has no tables yet: run `gaswatch migrate` first")
        yield engine
    finally:
        engine.dispose()


def _must_exist(url: str) -> None:
    """Opening an SQLite file would make it. What is wrong with a URL, `open_engine` says."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return
    file = parsed.database
    if parsed.get_backend_name() == "sqlite" and file and file != ":memory:" and not Path(file).exists():
        raise StoreUnusableError(
            f"there is no store at {file}: set GASWATCH_DATA_DIR or GASWATCH_DATABASE_URL to the one that is "
            "meant, or run `gaswatch migrate` to begin a new one"
        )
