"""`gaswatch journal …`: proves that the journal is as it was written. Offline: it needs the store alone."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine, func, select

from gascore.journal import StoreDownError
from gaswatch.settings import SettingsError, load
from gaswatch.stores import journal_seal
from gaswatch.stores.engine import reading
from gaswatch.stores.existing import existing_store
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.journal_seal import Block, Finding, Problem
from gaswatch.stores.schema import journal_block

app = typer.Typer(no_args_is_help=True)
MOST_SHOWN: Final = 50
"""Problems that are printed; of the rest the number."""
_NOTED: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class NotedError(ValueError):
    """What was written down can't be read; the message says how it is written."""


class Noted(msgspec.Struct, frozen=True):
    """The end of a block as somebody wrote it down: `last_id:hash in hex`."""

    last_id: int
    hash: bytes

    @classmethod
    def read(cls, text: str) -> "Noted":
        """Read `last_id:hash`. Raises `NotedError`."""
        match = _NOTED.fullmatch(text.strip().lower())
        if match is None:
            raise NotedError(
                f"--noted {text!r}: write it as `gaswatch journal verify` showed it, the entry's number, a colon "
                "and 64 hexadecimal digits"
            )
        return cls(int(match[1]), bytes.fromhex(match[2]))

    def __str__(self) -> str:
        """As `read` reads it."""
        return f"{self.last_id}:{self.hash.hex()}"


@app.callback()
def journals() -> None:
    """Prove that the journal is as it was written."""


@app.command()
def verify(
    noted: Annotated[
        str | None,
        typer.Option(help="What an earlier run told you to write down; proves that the end was not cut off."),
    ] = None,
) -> None:
    """Check every entry against the chain of hashes; exit 0 only when nothing was changed, added or removed.

    docs/journal-format.md says how to do the same without gaswatch.
    """
    try:
        expected = None if noted is None else Noted.read(noted)
        with existing_store(load()) as engine:
            last_id = SqlJournal(engine).last_id()
            with _progress(last_id) as seen:
                problems = journal_seal.verify(engine, seen=seen)
            problems += _cut_off(engine, expected)
            newest, blocks = SqlJournal(engine).newest_block(), _blocks(engine)
    except (SettingsError, StoreDownError, NotedError) as error:
        typer.echo(f"gaswatch journal verify: {error}", err=True)
        raise typer.Exit(1) from error
    if problems:
        _show(problems)
        raise typer.Exit(1)
    sealed = newest.last_id if newest else 0
    typer.echo(
        f"nothing is wrong: {sealed:,} entries in {blocks:,} blocks, {last_id - sealed:,} not sealed yet"
    )
    if newest:
        _show_newest(newest)


def _cut_off(engine: Engine, noted: Noted | None) -> list[Problem]:
    """The noted block, if it is not in the chain any more. That the chain itself holds was checked before."""
    if noted is None:
        return []
    with reading(engine) as connection:
        found = connection.scalar(
            select(journal_block.c.hash).where(journal_block.c.last_id == noted.last_id)
        )
    if found == noted.hash:
        return []
    what = (
        "the block that was written down is gone"
        if found is None
        else "the block has another hash than was written down"
    )
    return [Problem(Finding.CUT_OFF, noted.last_id, noted.last_id, what)]


def _blocks(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(journal_block)).scalar_one())


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal."""
    columns = (TextColumn("verifying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("verifying", total=total)
        yield lambda entry: progress.update(bar, completed=entry)


def _show(problems: Sequence[Problem]) -> None:
    typer.echo(f"gaswatch journal verify: {len(problems):,} problems, oldest first", err=True)
    for one in problems[:MOST_SHOWN]:
        which = (
            f"entry {one.first_id}"
            if one.first_id == one.last_id
            else f"entries {one.first_id} to {one.last_id}"
        )
        typer.echo(f"{one.finding.value}: {which}: {one.detail}", err=True)
    if len(problems) > MOST_SHOWN:
        typer.echo(f"and {len(problems) - MOST_SHOWN:,} more", err=True)


def _show_newest(newest: Block) -> None:
    typer.echo(f"newest block: {Noted(newest.last_id, newest.hash)}")
    typer.echo("Write it down elsewhere: --noted with it proves later that the end was not cut off.")
