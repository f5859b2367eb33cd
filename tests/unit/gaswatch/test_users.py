"""`gaswatch user`, and the demo's people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from dashboard.adapters.passwords import Argon2Passwords
from gaswatch.settings import Settings
from gaswatch.stores.accounts import SqlAccounts
from gaswatch.stores.engine import open_engine
from gaswatch.stores.schema import metadata
from gaswatch.users import DEMO_USERS, UserError, change_password, ensure_demo_users
from gaswatch.users_cli import app


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = open_engine(f"sqlite:///{tmp_path / 'gaswatch.db'}")
    metadata.create_all(found)
    yield found
    found.dispose()


def run(*words: str, password: str = "") -> tuple[int, str]:
    answer = CliRunner().invoke(app, list(words), input=password)
    return answer.exit_code, answer.output


def fits(engine: Engine, name: str, password: str) -> bool:
    account = SqlAccounts(engine).account(name)
    return account is not None and Argon2Passwords().matches(password, account.password_hash)


def test_a_user_is_added_listed_and_gets_another_password(engine: Engine) -> None:
    code, said = run("add", "limin", "--role", "inspector", "--password-stdin", password="correct horse\n")
    assert (code, said) == (0, "user limin (inspector) added\n")
    assert run("list") == (0, "limin\tinspector\tzh\tlimin\n")
    accounts = SqlAccounts(engine)
    accounts.open_session(b"token", "limin", 1000, 2000)
    code, _ = run("passwd", "limin", password="another horse\nanother horse\n")
    assert code == 0
    assert fits(engine, "limin", "another horse")
    assert not fits(engine, "limin", "correct horse")
    assert accounts.session(b"token") is None, "who knew the old password is signed out"


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (("add", "limin"), "short\n", "at least 8 characters"),
        (("add", ""), "correct horse\n", "is no name"),
        (("add", "taken"), "correct horse\n", "gaswatch user passwd"),
        (("passwd", "nobody"), "correct horse\n", "gaswatch user list"),
    ],
)
def test_what_can_not_be_done_is_one_line_that_says_what_to_do(
    engine: Engine, words: tuple[str, ...], password: str, says: str
) -> None:
    SqlAccounts(engine).add(DEMO_USERS[0], "x")
    run("add", "taken", "--password-stdin", password="correct horse\n")
    code, said = run(*words, "--password-stdin", password=password)
    assert (code, says in said, said.count("\n")) == (1, True, 1), said


def test_without_a_store_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path / "var"))
    code, said = run("list")
    assert (code, "gaswatch migrate" in said) == (1, True)
    assert not (tmp_path / "var").exists()


def test_the_demos_people_are_added_once_with_the_same_passwords(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = ensure_demo_users(settings)
    assert ensure_demo_users(settings) == first
    assert set(first) == {"operator", "inspector", "admin"}
    assert all(fits(engine, name, password) for name, password in first.items())


def test_sessions_that_are_over_are_forgotten_when_somebody_signs_in(engine: Engine) -> None:
    accounts = SqlAccounts(engine)
    accounts.add(DEMO_USERS[0], "x")
    accounts.open_session(b"old", "operator", 1000, 2000)
    accounts.open_session(b"new", "operator", 2000, 3000)
    assert accounts.session(b"old") is None
    assert accounts.session(b"new") is not None


def test_a_password_that_is_no_text_is_refused() -> None:
    with pytest.raises(UserError, match="not UTF-8"):
        change_password(SqlAccounts(open_engine("sqlite:///never-opened.db")), "li", "\udcff-longenough")


def test_a_damaged_hash_fits_no_password() -> None:
    assert not Argon2Passwords().matches("x", "$argon2id$nonsense")
    assert not Argon2Passwords().matches("nobody signs in with this", None)
