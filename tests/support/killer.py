"""A store that kills the process that uses it: at the n-th call, before or after a commit."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from alerts.ports import Books, Transaction
from gascore.alarm import Alarm, AlarmKind


class Killed(BaseException):
    """kill -9, as far as a test in the same process can have it: nothing catches it."""


class KillingBooks:
    """Wraps books; every call on anything inside a transaction, and both sides of a commit, are counted."""

    def __init__(self, books: Books, at: int) -> None:
        self._books = books
        self._at = at
        self.calls = 0

    def count(self, what: str) -> None:
        self.calls += 1
        if self.calls == self._at:
            raise Killed(what)

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        self.count("before open_of")
        return self._books.open_of(kinds)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._books.transaction() as inner:
            yield _Counted(inner, self)
            self.count("before the commit")
        self.count("after the commit")


class _Counted:
    def __init__(self, inner: object, killer: KillingBooks) -> None:
        self._inner = inner
        self._killer = killer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- stands for anything
        found = getattr(self._inner, name)
        if not callable(found):  # the parts: cases, notices and so on
            return _Counted(found, self._killer)

        def counted(*args: object) -> Any:  # noqa: ANN401 -- same
            self._killer.count(f"before {name}")
            return found(*args)

        return counted
