"""The relational stores that the contract tests run on, each one for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres import Postgres, a_postgres
from support.stores import Store, migrated_sqlite, sqlite_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    running: Postgres = request.getfixturevalue("postgres")
    return running.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables."""
    if request.param == "sqlite":
        return migrated_sqlite(tmp_path)
    running: Postgres = request.getfixturevalue("postgres")
    return running.migrated_database()


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """A migrated database of each kind."""
    made = Store(migrated_url)
    yield made
    made.close()
