"""The people who sign in: adding them, and the three of the demo."""

from typing import Final

from dashboard.adapters.passwords import Argon2Passwords
from dashboard.ports import User
from gascore.words import Language
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings
from gaswatch.stores.accounts import NoSuchUserError, SqlAccounts
from gaswatch.stores.engine import open_engine

SHORTEST: Final = 8
"""Characters of a password (NIST SP 800-63B 5.1.1.2: at least 8, no rules about kinds of characters)."""
NAME_LONGEST: Final = 64
DEMO_USERS: Final = (
    User("operator", "李敏 Li Min", "operator", Language.ZH),
    User("inspector", "王强 Wang Qiang", "inspector", Language.ZH),
    User("admin", "管理员 Admin", "admin", Language.EN),
)


class UserError(Exception):
    """A user can't be added or changed; the message says what to do."""


def add_user(accounts: SqlAccounts, user: User, password: str) -> None:
    """Store a new user. Blocking. Raises `UserError`, `StoreDownError`."""
    if not user.name or len(user.name) > NAME_LONGEST or not user.name.isprintable():
        raise UserError(f"{user.name!r} is no name: take 1 to {NAME_LONGEST} printable characters")
    if not accounts.add(user, _hash(password)):
        raise UserError(f"there is a user {user.name!r} already: `gaswatch user passwd` changes the password")


def change_password(accounts: SqlAccounts, name: str, password: str) -> None:
    """Change a password and end this user's sessions. Blocking. Raises `UserError`, `StoreDownError`."""
    try:
        accounts.set_password(name, _hash(password))
    except NoSuchUserError as error:
        raise UserError(str(error)) from error


def ensure_demo_users(settings: Settings) -> dict[str, str]:
    """Add the demo's users where they are missing; returns name -> password. Blocking, for `up --demo`.

    The passwords are derived from the installation's key: the same at each start, and of no use elsewhere,
    even where a demo listens to the network. Raises `StoreDownError`.
    """
    secrets = Secrets(settings.data_dir)
    passwords = {one.name: secrets.token(f"demo user {one.name}")[:10] for one in DEMO_USERS}
    engine = open_engine(settings.database)
    try:
        accounts = SqlAccounts(engine)
        for user in DEMO_USERS:
            if accounts.account(user.name) is None:
                add_user(accounts, user, passwords[user.name])
    finally:
        engine.dispose()
    return passwords


def _hash(password: str) -> str:
    if len(password) < SHORTEST:
        raise UserError(f"a password has at least {SHORTEST} characters")
    try:
        return Argon2Passwords().hash(password)
    except UnicodeEncodeError as error:
        raise UserError("the password is not UTF-8: type it again, or write it to a file in UTF-8") from error
