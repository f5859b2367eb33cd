"""Users and their sessions in SQL. Of a session only the token's hash is kept: a stolen copy opens nothing."""

from typing import cast

from sqlalchemy import Engine, delete, insert, select, update

from dashboard.ports import Account, Session, User, UserRole
from gascore.words import Language
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.schema import session as sessions
from gaswatch.stores.schema import user as users


class NoSuchUserError(LookupError):
    """There is no user of this name; `gaswatch user list` shows who there is."""


class SqlAccounts:
    """Implements `dashboard.ports.Accounts`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def account(self, name: str) -> Account | None:
        """The account of this name; None: there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
        if row is None:
            return None
        user = _user(row.name, row.display_name, row.role, row.language, disabled=row.disabled)
        return Account(user, row.password_hash)

    def users(self) -> list[User]:
        """Everybody, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(users).order_by(users.c.name)).all()
        return [
            _user(row.name, row.display_name, row.role, row.language, disabled=row.disabled) for row in rows
        ]

    def add(self, user: User, password_hash: str) -> bool:
        """Store a new user; False: the name is taken, nothing was changed."""
        with writing(self._engine) as connection:
            taken = connection.execute(select(users.c.name).where(users.c.name == user.name)).first()
            if taken is not None:
                return False
            connection.execute(
                insert(users).values(
                    name=user.name,
                    display_name=user.display_name,
                    role=user.role,
                    language=str(user.language),
                    password_hash=password_hash,
                    disabled=user.disabled,
                )
            )
        return True

    def set_password(self, name: str, password_hash: str) -> None:
        """Change a password and end all sessions of this user. Raises `NoSuchUserError`."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(users).where(users.c.name == name).values(password_hash=password_hash)
            )
            if not changed.rowcount:
                raise NoSuchUserError(f"there is no user {name!r}: see `gaswatch user list`")
            connection.execute(delete(sessions).where(sessions.c.user == name))

    def open_session(self, token_hash: bytes, user: str, created_ms: int, expires_ms: int) -> None:
        """Remember a session; those that are over by now are forgotten."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_ms <= created_ms))
            connection.execute(
                insert(sessions).values(
                    token_hash=token_hash,
                    user=user,
                    created_ms=created_ms,
                    seen_ms=created_ms,
                    expires_ms=expires_ms,
                )
            )

    def session(self, token_hash: bytes) -> Session | None:
        """The session of this token, over or not; None: never opened, or closed."""
        query = (
            select(
                sessions, users.c.name, users.c.display_name, users.c.role, users.c.language, users.c.disabled
            )
            .join(users, users.c.name == sessions.c.user)
            .where(sessions.c.token_hash == token_hash)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        user = _user(row.name, row.display_name, row.role, row.language, disabled=row.disabled)
        return Session(user, row.created_ms, row.seen_ms, row.expires_ms)

    def seen(self, token_hash: bytes, at_ms: int) -> None:
        """The session made a request at `at_ms`."""
        with writing(self._engine) as connection:
            connection.execute(
                update(sessions).where(sessions.c.token_hash == token_hash).values(seen_ms=at_ms)
            )

    def close_session(self, token_hash: bytes) -> None:
        """Forget the session."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def _user(name: str, display_name: str, role: str, language: str, *, disabled: bool) -> User:
    return User(name, display_name, cast("UserRole", role), Language(language), disabled)
