"""The migrations lead to the schema that the code works with, on every store, from nothing and again."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerts.rules.priority import rank_of
from gascore.alarm import AlarmKind
from gascore.journal import StoreDownError
from gascore.words import Priority
from gaswatch.stores.engine import StoreUnusableError, open_engine, reading, writing
from gaswatch.stores.migrate import SchemaError, check_current, configuration, migrate
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


def test_the_revisions_follow_each_other_and_nothing_is_left_to_draft(tmp_path: Path) -> None:
    """Two of the same number would leave a store in doubt which one it has."""
    revisions = sorted(VERSIONS.glob("[0-9]*.py"))
    assert [one.name[:4] for one in revisions] == [f"{no:04}" for no in range(1, len(revisions) + 1)]
    for one in revisions:
        (tmp_path / one.name).write_text(one.read_text())
    last = draft("Nothing", tmp_path).read_text()
    assert f'down_revision = "{revisions[-1].name[:4]}"' in last
    assert "op." not in last, "schema.py has changed: draft a revision with gaswatch.stores.migrations.draft"


def test_set_points_that_nobody_chose_are_left_to_the_profiles(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with writing(engine) as connection:
        command.upgrade(configuration(connection), "0001")
        for statement in (
            "INSERT INTO area VALUES ('A', 'a', 'a', NULL)",
            "INSERT INTO site VALUES ('S', '', '', '', '', 'other', 'A', '', NULL, NULL, NULL, '', '')",
            "INSERT INTO room VALUES ('R', 'S', 'r', 'r', 'kitchen', 'lpg', 45)",
            "INSERT INTO detector VALUES (1, 'D1', 'S', 'R', 'M', NULL, 60, 25, 50, NULL, NULL, NULL)",
            "INSERT INTO detector VALUES (2, 'D2', 'S', 'R', 'M', NULL, 60, 10, 50, NULL, NULL, NULL)",
        ):
            connection.execute(text(statement))
    migrate(empty_url)
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT no, low_lel, high_lel FROM detector ORDER BY no")).all()
    # Its number must still fit into the key of a reading.
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text("UPDATE detector SET no = 0 WHERE no = 1"))
    assert [tuple(row) for row in rows] == [(1, None, None), (2, 10.0, 50.0)]
    engine.dispose()


def test_ladders_of_before_the_ranks_get_theirs_from_the_alarm(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with writing(engine) as connection:
        command.upgrade(configuration(connection), "0003")
        for number, kind, priority in ((1, "leak", 1), (2, "offline", 3), (3, "outage", 3)):
            columns = "id, key, open_key, kind, priority, opened_ms, body"
            values = f"{number}, 'k{number}', 'k{number}', '{kind}', {priority}, 1, ''"
            connection.execute(text(f"INSERT INTO alarm ({columns}) VALUES ({values})"))  # noqa: S608 -- ours
            connection.execute(text(f"INSERT INTO escalation VALUES ({number}, 1, '')"))  # noqa: S608 -- ours
    migrate(empty_url)
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT alarm, rank FROM escalation ORDER BY alarm")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(1, 1), (2, rank_of(AlarmKind.OFFLINE, Priority.MEDIUM)), (3, 3)]


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
