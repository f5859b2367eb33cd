"""`gaswatch check`: what works, what doesn't, and what to do; one line each."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import requests
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from alerts.service import Switchboard
from gascore.journal import StoreDownError
from gaswatch.broker import mosquitto, nats
from gaswatch.broker.address import HOST, urls
from gaswatch.channels_check import answers_heard, channels_heard
from gaswatch.clock import SystemClock
from gaswatch.network import answers
from gaswatch.people_check import people_said
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.engine import check_writable, open_engine
from gaswatch.stores.influx.probe import probe
from gaswatch.stores.influx.query import AwayError, Query
from gaswatch.stores.influx.transport import Transport
from gaswatch.stores.migrate import SchemaError, check_current
from gaswatch.stores.registry import SqlRegistry
from gaswatch.twilio_check import twilio_said
from gaswatch.wiring.alerts import channels_of
from gaswatch.wiring.series import influx_target

_WAIT_S: Final = 5.0


class Finding(NamedTuple):
    """One line of the answer. `is_good` None: not needed as things are set."""

    what: str
    is_good: bool | None
    detail: str


def check(say: Callable[[str], object]) -> int:
    """Look at everything and say it; returns 1 when something that is set up does not work.

    Raises:
        SettingsError: a setting is nonsense; the rest depends on it.
    """
    settings = load()
    marks = {True: "ok     ", False: "NOT OK ", None: "-      "}
    is_good = True
    for one in findings(settings):
        say(f"{marks[one.is_good]}{one.what:<10} {one.detail}")
        is_good &= one.is_good is not False
    return 0 if is_good else 1


def findings(settings: Settings) -> Iterator[Finding]:
    """Each finding as soon as it is known. Blocking, at most some seconds each."""
    yield Finding("settings", True, f"data in {settings.data_dir.absolute()}, zone {settings.timezone}")
    yield _data_dir(settings)
    yield _database(settings)
    yield _series(settings)
    yield from _brokers(settings)
    heard = list(channels_heard(settings))
    for said in twilio_said(settings, has_others=bool(heard)):
        yield Finding(*said)
    for one in (*heard, *answers_heard(settings)):
        yield Finding(one.name, one.works, one.detail)
    yield from _people(settings)
    yield _console(settings)


def _data_dir(settings: Settings) -> Finding:
    try:
        check_writable(settings.data_dir / "gaswatch.db")
    except StoreDownError as error:
        return Finding("data", False, str(error))
    return Finding("data", True, "the data folder can be written")


def _database(settings: Settings) -> Finding:
    try:
        engine = open_engine(settings.database)
        try:
            check_current(engine)
            name = engine.url.render_as_string(hide_password=True)
        finally:
            engine.dispose()
    except (StoreDownError, SchemaError) as error:
        return Finding("database", False, str(error))
    return Finding("database", True, f"{name} has the tables of this version")


def _series(settings: Settings) -> Finding:
    if settings.series == "embedded":
        return Finding("readings", True, "kept in the data folder")
    try:
        target = influx_target(settings)
        transport = Transport(target, connect_s=_WAIT_S, read_s=_WAIT_S)
        try:
            found = probe(transport)
        finally:
            transport.close()
        if found.problem is not None:
            return Finding("readings", False, found.problem)
        query = Query(target, SystemClock(), read_s=_WAIT_S)
        try:
            why = query.why_unreadable()
        finally:
            query.close()
    except (SettingsError, AwayError) as error:
        return Finding("readings", False, str(error))
    if why is not None:
        return Finding("readings", False, why)
    return Finding("readings", True, f"{found.name} takes them into {target.bucket!r}, and gives them back")


def _brokers(settings: Settings) -> Iterator[Finding]:
    if not settings.mqtt_url:
        port = settings.mqtt_port
        if not port or not answers(HOST, port):
            found = mosquitto.program() or nats.program()
            detail = f"ours is not running; `gaswatch up` starts {found}" if found else "none is installed"
            yield Finding("broker", None if found else False, detail)
            return
    for url in urls(settings):
        parts = urlsplit(url)
        where = f"{parts.hostname}:{parts.port or 'default port'}"
        why = _mqtt_problem(url)
        yield Finding("broker", why is None, f"{where} {why or 'lets the collector in'}")


def _mqtt_problem(url: str) -> str | None:
    """Come in as the collector would (another client id, so that its session is left alone)."""
    parts = urlsplit(url)
    done = threading.Event()
    answer: list[str] = []

    def connected(
        client: mqtt.Client, data: object, flags: object, code: ReasonCode, properties: Properties | None
    ) -> None:
        del client, data, flags, properties
        if code.is_failure:
            answer.append(f"refuses the collector: {code}; check user and password in GASWATCH_MQTT_URL")
        done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gaswatch-check")
    client.on_connect = connected
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        client.tls_set()
    try:
        client.connect(parts.hostname or HOST, parts.port or (8883 if parts.scheme == "mqtts" else 1883))
    except (OSError, socket.gaierror) as error:
        return f"does not answer ({error}); is it running, is the address right?"
    client.loop_start()
    try:
        if not done.wait(_WAIT_S):
            return "took the connection, but does not speak MQTT"
    finally:
        client.disconnect()
        client.loop_stop()
    return answer[0] if answer else None


def _people(settings: Settings) -> Iterator[Finding]:
    """Of the ledger; what is wrong with the store or the channels has been said."""
    try:
        switchboard = Switchboard(channels_of(settings, SystemClock()), SystemClock())
        engine = open_engine(settings.database)
        try:
            check_current(engine)
            people = SqlRegistry(engine).ledger().people
        finally:
            engine.dispose()
    except (SettingsError, StoreDownError, SchemaError):
        return
    if not switchboard.channels:
        return
    said = list(people_said(people, switchboard))
    for one in said:
        yield Finding("people", False if one.is_bad else None, one.detail)
    if not said:
        yield Finding("people", True, f"{len(people)} can be told and can answer")


def _console(settings: Settings) -> Finding:
    try:
        answer = requests.get(f"http://{settings.http_host}:{settings.http_port}/healthz", timeout=_WAIT_S)
    except requests.RequestException:
        return Finding("console", None, "not running")
    return Finding("console", answer.ok, f"{settings.public}/ answers {answer.status_code}")
