"""The auditor: looks at the desk's work from outside, says what is wrong, and tells the world when all is well.

It shares nothing with the desk but the store (docs/adr/0025). What it finds goes into the journal as a trouble,
which the desk tells to the operators. When the desk itself stands nobody tells: then the console shows it, the
heartbeat stops, and whoever listens to the heartbeat raises the alarm.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from alerts.rules.audit import Code, Finding, Grace, Snapshot, confirmed, findings, silence
from gascore.journal import Event, Journal, TroubleBegan, TroubleEnded

_log = structlog.get_logger()
PREFIX: Final = "audit "
"""Of the troubles' names; the code follows."""
HEARTBEAT: Final = "heartbeat"
"""The name of the trouble that nobody outside hears us."""
MISSED: Final = 3
"""So many heartbeats in a row must fail before it is a trouble: one lost request is none."""
SHOWN: Final = 5
"""Findings named in a trouble's detail; the log has all."""
_TO_DO: Final = {
    Code.ROW_UNREADABLE: ": start the version that wrote it, or import the policy or roster again",
    Code.LADDER_FAR: ": set the clock right, and restart alerts",
}
"""What operators can do about it, behind the names."""


class Auditable(Protocol):
    """What the auditor sees of the desk's work. Implementation: `gaswatch.stores.audit.SqlAudit`."""

    def look(self, now_ms: int) -> Snapshot:
        """Everything that is or may be late at `now_ms`, as of one moment."""
        ...

    def open_troubles(self, prefix: str) -> set[str]:
        """The names of our own troubles that begin so and hold."""
        ...


class Heartbeat(Protocol):
    """Somebody outside who raises an alarm when we fall silent. Implementation: `alerts.adapters.heartbeat`."""

    def beat(self) -> str | None:
        """Once; None: heard, else why not. Never raises; returns within 20 s."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found; `wrong` was there at the look before, too; `silence`: see `alerts.rules.audit.silence`."""

    at_ms: int
    found: tuple[Finding, ...] = ()
    wrong: tuple[Finding, ...] = ()
    silence: str = ""


class Auditor:
    """Looks, compares with the look before, and keeps the journal's troubles in step. Blocking; one thread."""

    def __init__(self, audit: Auditable, journal: Journal, grace: Grace) -> None:
        self._audit = audit
        self._journal = journal
        self._grace = grace
        self._said: set[str] | None = None
        self.last: Looked | None = None

    def look(self, now_ms: int) -> Looked:
        """One look. Raises `StoreDownError`: nothing is known, which is not well either."""
        if self._said is None:
            self._said = self._audit.open_troubles(PREFIX)
        seen: Snapshot = self._audit.look(now_ms)
        found = findings(seen, now_ms, self._grace)
        wrong = confirmed(found, self.last.found if self.last else ())
        looked = Looked(now_ms, found, wrong, silence(seen))
        self._say(looked, self._said)
        self.last = looked
        return looked

    def _say(self, looked: Looked, said: set[str]) -> None:
        wrong: dict[str, list[Finding]] = {}
        for one in looked.wrong:
            wrong.setdefault(f"{PREFIX}{one.code}", []).append(one)
        began = [name for name in wrong if name not in said]
        # What was found just now is not over, though it may not be confirmed.
        held = {f"{PREFIX}{one.code}" for one in looked.found}
        ended = [name for name in sorted(said) if name not in held]
        events: list[Event] = [
            TroubleBegan(
                name=name, since_ms=min(one.since_ms for one in wrong[name]), detail=_detail(wrong[name])
            )
            for name in began
        ]
        events += [TroubleEnded(name=name, since_ms=looked.at_ms, ended_ms=looked.at_ms) for name in ended]
        if not events:
            return
        self._journal.append(events, looked.at_ms)
        said.update(began)
        said.difference_update(ended)
        for name in began:
            _log.error("audit", finding=name, about=[one.about for one in wrong[name]])
        for name in ended:
            _log.info("audit_over", finding=name)


def _detail(wrong: list[Finding]) -> str:
    shown = ", ".join(one.about for one in wrong[:SHOWN])
    return f"{shown}{' …' if len(wrong) > SHOWN else ''}{_TO_DO.get(wrong[0].code, '')}"


class Pulse:
    """The heartbeat to the world outside, and the trouble when nobody hears it. Blocking; one thread."""

    def __init__(self, heartbeat: Heartbeat, journal: Journal, audit: Auditable) -> None:
        self._heartbeat = heartbeat
        self._journal = journal
        self._audit = audit
        self._missed = 0
        self._is_trouble: bool | None = None
        """Whether the journal says that nobody hears us; None: not looked up since the start."""
        self.heard_ms: int | None = None

    def beat(self, now_ms: int) -> str | None:
        """Once; None: it was heard, else why not. Raises `StoreDownError`."""
        if self._is_trouble is None:
            self._is_trouble = HEARTBEAT in self._audit.open_troubles(HEARTBEAT)
        why = self._heartbeat.beat()
        if why is None:
            self._heard(now_ms)
            return None
        self._missed += 1
        _log.warning("heartbeat_not_heard", why=why, missed=self._missed)
        if self._missed >= MISSED and not self._is_trouble:
            self._journal.append([TroubleBegan(name=HEARTBEAT, since_ms=now_ms, detail=why)], now_ms)
            self._is_trouble = True
        return why

    def _heard(self, now_ms: int) -> None:
        self.heard_ms = now_ms
        self._missed = 0
        if self._is_trouble:
            self._journal.append([TroubleEnded(name=HEARTBEAT, since_ms=now_ms, ended_ms=now_ms)], now_ms)
            self._is_trouble = False


class Leftovers:
    """Ends troubles of what the settings do not ask for any more: nobody else ever would. Blocking; one thread.

    `wanted` says which names may go on; `prefixes`: of the names that are ours to end.
    """

    def __init__(
        self, audit: Auditable, journal: Journal, prefixes: tuple[str, ...], wanted: frozenset[str]
    ) -> None:
        self._audit = audit
        self._journal = journal
        self._prefixes = prefixes
        self._wanted = wanted
        self._ended: set[str] = set()

    def go(self, now_ms: int) -> None:
        """One look; each is ended once. Raises `StoreDownError`."""
        held = {name for prefix in self._prefixes for name in self._audit.open_troubles(prefix)}
        over = sorted(held - self._wanted - self._ended)
        if over:
            why = "not in the settings any more"
            self._journal.append(
                [TroubleEnded(name=one, since_ms=now_ms, ended_ms=now_ms, reason=why) for one in over],
                now_ms,
            )
            self._ended.update(over)
            _log.info("trouble_is_over", names=over, why=why)
