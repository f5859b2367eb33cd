"""Passwords as argon2id hashes (pwdlib's recommended parameters: about 0.1 s each)."""

from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher


class Argon2Passwords:
    """Implements `dashboard.ports.Passwords`. Blocking."""

    def __init__(self) -> None:
        self._hash = PasswordHash((Argon2Hasher(),))

    @cached_property
    def _nobody(self) -> str:
        return self._hash.hash("nobody signs in with this")

    def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""
        return self._hash.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether they fit; None costs as much time and never fits; a damaged hash fits nothing."""
        nobody = self._nobody  # somebody who doesn't exist must cost as much time as somebody who does
        try:
            fits = self._hash.verify(password, password_hash or nobody)
        except PwdlibError:
            return False
        return fits and password_hash is not None
