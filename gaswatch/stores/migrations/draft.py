"""Drafts a revision from what `gaswatch.stores.schema` says beyond the newest one; for developers.

    python -m gaswatch.stores.migrations.draft --initial       # rewrite 0001 (only before the first release)
    python -m gaswatch.stores.migrations.draft "Add the shoe size of a person"

A drafted revision is read and tested before it is committed: Alembic does not see renames or data.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from gaswatch.stores import migrations
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.migrate import configuration

VERSIONS = Path(migrations.__file__).parent / "versions"


def draft(message: str, folder: Path = VERSIONS) -> Path:
    """Write the next revision into `folder`, from an empty SQLite database that all earlier ones have run on."""
    number = len(list(folder.glob("[0-9]*.py"))) + 1
    with TemporaryDirectory() as scratch:
        engine = open_engine(f"sqlite:///{scratch}/draft.db")
        try:
            with writing(engine) as connection:
                settings = configuration(connection, folder)
                settings.stdout = sys.stderr
                if number > 1:
                    command.upgrade(settings, "head")
                command.revision(settings, message, autogenerate=True, rev_id=f"{number:04}")
        finally:
            engine.dispose()
    written = next(folder.glob(f"{number:04}_*.py"))
    for step in (["check", "--fix", "--quiet", "--exit-zero"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(written)], check=True)  # noqa: S603 -- ours
    return written


def main() -> None:
    """Read the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    what = arguments.add_mutually_exclusive_group(required=True)
    what.add_argument("--initial", action="store_true", help="rewrite the first revision")
    what.add_argument("message", nargs="?", help="what the revision does, as a sentence without a full stop")
    given = arguments.parse_args()
    if given.initial:
        for old in VERSIONS.glob("[0-9]*.py"):
            old.unlink()
    sys.stdout.write(f"{draft(given.message or 'Create the tables')}\n")


if __name__ == "__main__":
    main()
