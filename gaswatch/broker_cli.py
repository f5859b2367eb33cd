"""`gaswatch broker …`: lets the ledger's detectors in to a broker that somebody else runs.

`gaswatch run broker` does all of this by itself; these commands are for a mosquitto of its own, such as
the one of docker-compose.yml.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from gascore.journal import StoreDownError
from gascore.words import DetectorId
from gaswatch.broker.files import put
from gaswatch.broker.members import Member, members, user_of
from gaswatch.broker.mosquitto import passwords, rights
from gaswatch.secrets import COLLECTOR_USER, Secrets
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.existing import existing_store
from gaswatch.stores.registry import SqlRegistry

app = typer.Typer(no_args_is_help=True)
_FAILURES = (SettingsError, StoreDownError, OSError)


@app.callback()
def broker() -> None:
    """Let detectors in to a mosquitto that somebody else runs."""


@app.command()
def files(
    out: Annotated[Path, typer.Option(help="The folder for mosquitto.passwd and mosquitto.acl.")],
) -> None:
    """Write mosquitto's passwords and rights out of the ledger; then send mosquitto a SIGHUP."""
    try:
        settings = load()
        people = everybody(settings)
        out.mkdir(parents=True, exist_ok=True)
        put(out / "mosquitto.passwd", passwords(people))
        put(out / "mosquitto.acl", rights(people))
    except _FAILURES as error:
        typer.echo(f"gaswatch broker files: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"the collector and {len(people) - 1} detectors may come in: {out}")


@app.command()
def credentials(detector: Annotated[str, typer.Argument(help="The detector's id.")]) -> None:
    """Show the user and the password that a detector needs for the broker."""
    try:
        settings = load()
        with existing_store(settings) as engine:
            known = SqlRegistry(engine).detector(DetectorId(detector))
        if known is None:
            raise SettingsError(
                f"no detector {detector} in the ledger: import it first, `gaswatch ledger import`"
            )
        password = Secrets(settings.data_dir).mqtt_password(known.id)
    except _FAILURES as error:
        typer.echo(f"gaswatch broker credentials: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{user_of(known.id)} {password}")


def everybody(settings: Settings) -> list[Member]:
    """Who may come in: the ledger's detectors, and the collector with what its GASWATCH_MQTT_URL says.

    Raises:
        SettingsError: the URL names another user than the collector's, whom the rights don't know.
        StoreDownError: the ledger can't be read.
        OSError: the installation's key can't be read or made.
    """
    with existing_store(settings) as engine:
        detectors = [one.id for one in SqlRegistry(engine).ledger().detectors if one.retired_ms is None]
    collector, *others = members(detectors, Secrets(settings.data_dir))
    for url in settings.mqtt_url:
        parts = urlsplit(url)
        if unquote(parts.username or "") != COLLECTOR_USER or not parts.password:
            raise SettingsError(
                f"GASWATCH_MQTT_URL: must come in as mqtt://{COLLECTOR_USER}:password@…, the user that hears all"
            )
        collector = Member(COLLECTOR_USER, unquote(parts.password), None)
    return [collector, *others]
