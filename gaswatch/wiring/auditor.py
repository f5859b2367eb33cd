"""The auditor, put together."""

import os
from typing import Final
from zoneinfo import ZoneInfo

from alerts.adapters.heartbeat import HttpHeartbeat
from alerts.rules.audit import Grace
from alerts.service.auditor import Auditor, Pulse
from alerts.service.contacts import Reachable
from alerts.service.rounds import Round, Rounds, RoundsParts
from gascore.clock import Clock
from gaswatch.settings import Settings
from gaswatch.stores.audit import SqlAudit
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.status import SqlStatusBoard

CONTACTS_MS: Final = 10_000
"""Somebody who says STOP is told to the operators after two minutes; they need not be more exact."""


def build(settings: Settings, clock: Clock) -> Rounds:
    """The service of `gaswatch run auditor`.

    Raises:
        StoreUnusableError: the data folder or the database's address can't be used.
    """
    engine = open_engine(settings.database)
    journal = SqlJournal(engine)
    audit = SqlAudit(engine)
    contacts = Reachable(
        SqlContactBooks(engine), ZoneInfo(settings.timezone), settings.contact_test_days, audit
    )
    url = settings.heartbeat_url.get_secret_value()
    return Rounds(
        RoundsParts(
            auditor=Auditor(audit, journal, grace_of(settings)),
            audit_ms=round(settings.audit_every_s * 1000),
            pulse=Pulse(HttpHeartbeat(url), journal) if url else None,
            heartbeat_ms=round(settings.heartbeat_s * 1000),
            board=SqlStatusBoard(engine),
            clock=clock,
            pid=os.getpid(),
            close=engine.dispose,
            others=(Round("contacts", CONTACTS_MS, contacts.go),),
        )
    )


def grace_of(settings: Settings) -> Grace:
    """How late is too late, as the settings say."""
    return Grace(leak_ms=round(settings.audit_leak_s * 1000), other_ms=round(settings.audit_other_s * 1000))
