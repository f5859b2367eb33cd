"""Brings the relational store to the present schema, and refuses to work on any other."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from gaswatch.stores import migrations
from gaswatch.stores.engine import open_engine, reading, writing

_LOCK: Final = 0x6761_7377_6D69_6772
"""PostgreSQL's advisory lock of the migrations: "gaswmigr" as a number."""


class SchemaError(Exception):
    """The database's tables are not those of this version; the message says what to do."""


def migrate(url: str) -> None:
    """Create or change the tables, all in one transaction; does nothing where they are right already.

    Two at once wait for each other. Blocking.

    Raises:
        StoreDownError: the store can't be written; nothing was changed.
        SchemaError: a newer version of gaswatch has made the tables.
    """
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            settings = configuration(connection)
            _refuse_newer(connection, ScriptDirectory.from_config(settings))
            command.upgrade(settings, "head")
    finally:
        engine.dispose()


def check_current(engine: Engine) -> None:
    """Return if the tables are those of this version. Blocking.

    Raises:
        SchemaError: they are older, newer, or not there; one line that says what to do.
        StoreDownError: the store can't be read.
    """
    with reading(engine) as connection:
        scripts = ScriptDirectory.from_config(configuration(connection))
        current = _refuse_newer(connection, scripts)
    if current is None:
        raise SchemaError(f"{_name(engine)} has no tables yet: run gaswatch migrate")
    if current != scripts.get_current_head():
        raise SchemaError(
            f"the tables of {_name(engine)} are of an older version (revision {current}): run gaswatch migrate"
        )


def configuration(connection: Connection, folder: Path | None = None) -> Config:
    """Alembic's settings, for the revisions in the package (in a checkout and in a wheel) or in `folder`."""
    home = Path(migrations.__file__).parent
    settings = Config()
    # Alembic's settings pass through configparser, where a percent sign is special.
    settings.set_main_option("script_location", str(home).replace("%", "%%"))
    settings.set_main_option("version_locations", str(folder or home / "versions").replace("%", "%%"))
    settings.set_main_option("path_separator", "newline")
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    settings.attributes["connection"] = connection
    return settings


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {one.revision for one in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise SchemaError(
            f"the tables of {_name(connection.engine)} are of a newer version (revision {current}): "
            "install that version of gaswatch, or restore a backup made by this one"
        )
    return current


def _name(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
