"""The auditor, put together."""

import os
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from alerts.adapters.canary_mqtt import Door, MqttVoice
from alerts.adapters.heartbeat import HttpHeartbeat
from alerts.rules.audit import Grace
from alerts.service.auditor import HEARTBEAT, Auditor, Leftovers, Pulse
from alerts.service.canary import TROUBLE, Canaries, CanaryParts, Times
from alerts.service.contacts import Reachable
from alerts.service.rounds import Round, Rounds, RoundsParts
from gascore.canary import PREFIX
from gascore.clock import Clock
from gascore.words import AreaId, DetectorId
from gaswatch.broker.address import address
from gaswatch.broker.members import user_of
from gaswatch.canaries import seed
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings
from gaswatch.stores.audit import SqlAudit
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.ways import way_of

CANARY_MS: Final = 1_000
CONTACTS_MS: Final = 10_000
"""Somebody who says STOP is told to the operators after two minutes; they need not be more exact."""
LEFTOVERS_MS: Final = 60_000
"""What the settings do not ask for any more may hold for a minute longer."""


def build(settings: Settings, clock: Clock) -> Rounds:
    """The service of `gaswatch run auditor`.

    Raises:
        StoreUnusableError: the data folder or the database's address can't be used.
    """
    engine = open_engine(settings.database)
    journal = SqlJournal(engine)
    audit = SqlAudit(engine)
    contacts = Reachable(
        SqlContactBooks(engine),
        ZoneInfo(settings.timezone),
        settings.contact_test_days,
        audit,
        way_of(settings),
    )
    canaries = canaries_of(settings, engine, audit, journal) if settings.canary else None
    url = settings.heartbeat_url.get_secret_value()
    return Rounds(
        RoundsParts(
            auditor=Auditor(audit, journal, grace_of(settings)),
            audit_ms=round(settings.audit_every_s * 1000),
            pulse=Pulse(HttpHeartbeat(url), journal, audit) if url else None,
            heartbeat_ms=round(settings.heartbeat_s * 1000),
            board=SqlStatusBoard(engine),
            clock=clock,
            pid=os.getpid(),
            close=engine.dispose,
            others=(
                Round("contacts", CONTACTS_MS, contacts.go),
                Round("leftovers", LEFTOVERS_MS, leftovers_of(settings, audit, journal).go),
                *([Round("canary", CANARY_MS, canaries.go)] if canaries else []),
            ),
            notes=canaries.notes if canaries else dict,
        )
    )


def canaries_of(settings: Settings, engine: Engine, audit: SqlAudit, journal: SqlJournal) -> Canaries:
    """The test leaks; what they need is put into the ledger when the first one looks. Raises `SettingsError`."""
    secrets = Secrets(settings.data_dir)
    host, port = address(settings)
    tls = bool(settings.mqtt_url) and urlsplit(settings.mqtt_url[0]).scheme == "mqtts"
    registry = SqlRegistry(engine)
    return Canaries(
        CanaryParts(
            areas={DetectorId(f"{PREFIX}{area}"): AreaId(area) for area, _ in settings.canary},
            prepare=lambda now_ms: seed(registry, dict(settings.canary), now_ms),
            voice=MqttVoice(Door(host, port, tls, user_of, secrets.mqtt_password)),
            books=SqlBooks(engine),
            journal=journal,
            troubles=audit,
            times=Times(
                settings.canary_at,
                round(settings.canary_every_s * 1000),
                round(settings.canary_within_s * 1000),
                ZoneInfo(settings.timezone),
            ),
            new_id=lambda: uuid4().hex,
        )
    )


def leftovers_of(settings: Settings, audit: SqlAudit, journal: SqlJournal) -> Leftovers:
    """Troubles of a heartbeat and of test leaks that the settings have no more."""
    wanted = {TROUBLE.format(area) for area, _ in settings.canary}
    if settings.heartbeat_url.get_secret_value():
        wanted.add(HEARTBEAT)
    return Leftovers(audit, journal, (HEARTBEAT, TROUBLE.format("")), frozenset(wanted))


def grace_of(settings: Settings) -> Grace:
    """How late is too late, as the settings say."""
    return Grace(leak_ms=round(settings.audit_leak_s * 1000), other_ms=round(settings.audit_other_s * 1000))
