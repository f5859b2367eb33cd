"""Who is who: signing in, and browsers that are signed in (console reference 4).

A session's token is a secret of the browser; we keep its SHA-256 (the token is random, so a plain hash
is enough). A password is checked in a lane of its own: it takes a tenth of a second on purpose.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from dashboard.ports import Accounts, Passwords, User
from dashboard.service.lane import Lanes
from gascore.clock import Clock
from gascore.journal import Journal, SignedIn

HOUR_MS: Final = 3_600_000
IDLE_MS: Final = 12 * HOUR_MS
"""A shift without a request ends the session; an open console asks all the time …"""
LASTS_MS: Final = 24 * HOUR_MS
"""… so it ends after a day in any case."""
SEEN_EVERY_MS: Final = 60_000
NAME_LONGEST: Final = 64


class Opened(msgspec.Struct, frozen=True):
    """A new session: the token goes into the browser's cookie and nowhere else."""

    token: str
    user: User


class Sessions:
    """Signs people in and knows them afterwards. `new_token` gives 256 random bits as text."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        journal: Journal,
        clock: Clock,
        *,
        lanes: Lanes,
        new_token: Callable[[], str],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._journal = journal
        self._clock = clock
        self._lanes = lanes
        self._new_token = new_token

    async def sign_in(self, name: str, password: str, address: str) -> Opened | None:
        """Check the password; None: wrong, unknown or disabled (which of these is not told). Journaled.

        Raises:
            StoreDownError: accounts can't be read now.
        """
        account = await self._lanes.quick.do(lambda: self._accounts.account(name))
        password_hash = None if account is None else account.password_hash
        fits = await self._lanes.passwords.do(lambda: self._passwords.matches(password, password_hash))
        now_ms = self._clock.now_ms()
        ok = fits and account is not None and not account.user.disabled
        event = SignedIn(user=name[:NAME_LONGEST], ok=ok, address=address)
        await self._lanes.quick.do(lambda: self._journal.append([event], now_ms))
        if account is None or not ok:
            return None
        token = self._new_token()
        user = account.user
        await self._lanes.quick.do(
            lambda: self._accounts.open_session(_hash(token), user.name, now_ms, now_ms + LASTS_MS)
        )
        return Opened(token, user)

    async def who(self, token: str) -> User | None:
        """Whose session it is; None: nobody's, or it is over.

        Raises:
            StoreDownError: sessions can't be read now.
        """
        key = _hash(token)
        now_ms = self._clock.now_ms()
        found = await self._lanes.quick.do(lambda: self._accounts.session(key))
        if found is None or found.user.disabled:
            return None
        if now_ms >= found.expires_ms or now_ms - found.seen_ms >= IDLE_MS:
            return None
        if now_ms - found.seen_ms >= SEEN_EVERY_MS:
            await self._lanes.quick.do(lambda: self._accounts.seen(key, now_ms))
        return found.user

    async def sign_out(self, token: str) -> None:
        """End the session at once, on the server. Raises `StoreDownError`."""
        await self._lanes.quick.do(lambda: self._accounts.close_session(_hash(token)))


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
