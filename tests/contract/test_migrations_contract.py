"""The migrations lead to the schema that the code works with, on every store, from nothing and again."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from gascore.journal import StoreDownError
from gaswatch.stores.engine import StoreUnusableError, open_engine, reading, writing
from gaswatch.stores.migrate import SchemaError, check_current, migrate
from gaswatch.stores.migrations.draft import VERSIONS, draft
from gaswatch.stores.schema import metadata
from support.stores import Store

pytestmark = pytest.mark.contract


def test_the_migrated_tables_are_those_of_the_schema(store: Store) -> None:
    check_current(store.engine)
    with reading(store.engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(text("INSERT INTO cursor VALUES ('alerts', 5)"))
    migrate(store.url)
    with reading(store.engine) as connection:
        assert connection.execute(text("SELECT journal_id FROM cursor")).scalar_one() == 5


def test_a_database_without_tables_says_what_to_run(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(SchemaError, match="has no tables yet: run gaswatch migrate"):
        check_current(engine)
    engine.dispose()


def test_tables_of_a_newer_version_are_left_alone(store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match=r"newer version \(revision 9999\)"):
        check_current(store.engine)
    with pytest.raises(SchemaError, match="install that version of gaswatch"):
        migrate(store.url)


def test_the_first_revision_is_drafted_from_the_present_schema(tmp_path: Path) -> None:
    """Until the first release there is one revision, and it is rewritten rather than followed by another."""
    (committed,) = VERSIONS.glob("[0-9]*.py")
    again = draft("Create the tables", tmp_path)
    assert committed.read_text() == again.read_text(), (
        "schema.py has changed: run python -m gaswatch.stores.migrations.draft --initial"
    )


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_store_is_named(url: str) -> None:
    with pytest.raises(StoreUnusableError, match="GASWATCH_DATABASE_URL"):
        open_engine(url)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file, not a folder")
    with pytest.raises(StoreUnusableError, match="GASWATCH_DATA_DIR"):
        open_engine(f"sqlite:///{tmp_path / 'var' / 'gaswatch.db'}")


def test_a_server_that_does_not_answer_is_a_store_that_is_down(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://gaswatch:secret@/gaswatch?host={tmp_path}")
    with pytest.raises(StoreDownError) as error, reading(engine):
        pass
    assert "secret" not in str(error.value)
    engine.dispose()
