"""`gaswatch user …`: the people who sign in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from dashboard.ports import User
from gascore.journal import StoreDownError
from gascore.words import Language
from gaswatch.settings import SettingsError, load
from gaswatch.stores.accounts import SqlAccounts
from gaswatch.stores.existing import existing_store
from gaswatch.users import UserError, add_user, change_password

app = typer.Typer(no_args_is_help=True)


class RoleName(StrEnum):
    """What a user may do."""

    OPERATOR = "operator"
    INSPECTOR = "inspector"
    ADMIN = "admin"


FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


@app.callback()
def users() -> None:
    """Add and list the people who sign in."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What is typed at the login page.")],
    *,
    display_name: Annotated[str, typer.Option(help="What others see; the name if left out.")] = "",
    role: Annotated[
        RoleName, typer.Option(help="inspector looks; operator and admin act on alarms.")
    ] = RoleName.OPERATOR,
    language: Annotated[Language, typer.Option(help="Of this user's pages.")] = Language.ZH,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user."""
    user = User(name, display_name or name, role.value, language)
    with _accounts("add") as accounts:
        add_user(accounts, user, _password(from_stdin=password_stdin))
    typer.echo(f"user {name} ({role}) added")


@app.command()
def passwd(
    name: Annotated[str, typer.Argument(help="Whose password.")], *, password_stdin: FromStdin = False
) -> None:
    """Change a password; the user is signed out everywhere."""
    with _accounts("passwd") as accounts:
        change_password(accounts, name, _password(from_stdin=password_stdin))
    typer.echo(f"the password of {name} was changed")


@app.command(name="list")
def list_() -> None:
    """List users with their roles."""
    with _accounts("list") as accounts:
        for user in accounts.users():
            disabled = " (disabled)" if user.disabled else ""
            typer.echo(f"{user.name}\t{user.role}\t{user.language}\t{user.display_name}{disabled}")


@contextmanager
def _accounts(command: str) -> Iterator[SqlAccounts]:
    try:
        with existing_store(load()) as engine:
            yield SqlAccounts(engine)
    except (SettingsError, StoreDownError, UserError) as error:
        typer.echo(f"gaswatch user {command}: {error}", err=True)
        raise typer.Exit(1) from error


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
