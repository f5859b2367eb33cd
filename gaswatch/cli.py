"""The `gaswatch` command. What a command needs is imported when it runs, so that `--help` is quick."""

import re
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

_GROUPS: Final = {
    "report": ("gaswatch.reports.cli", "Write reports."),
    "journal": ("gaswatch.journal_cli", "Verify the journal's chain of hashes."),
    "readings": ("gaswatch.readings.cli", "Take readings out as CSV or Parquet."),
    "alarms": ("gaswatch.alarms_cli", "Try out who would be told of an alarm."),
    "user": ("gaswatch.users_cli", "Add and list the people who sign in."),
    "broker": ("gaswatch.broker_cli", "Let detectors in to a mosquitto that somebody else runs."),
}
"""Commands with commands of their own, in a module each that has `app`."""
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600}


class ServiceName(StrEnum):
    """What `gaswatch run` can run (the same names as `gaswatch.process.SERVICES`)."""

    BROKER = "broker"
    COLLECTOR = "collector"
    ALERTS = "alerts"
    AUDITOR = "auditor"
    DASHBOARD = "dashboard"
    SIMULATOR = "simulator"


def seconds(text: str) -> float:
    """A duration such as 90s, 2m or 1h, in seconds; a bare number is seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or not float(match[1]):
        raise typer.BadParameter(f"{text!r} is not a duration such as 90s, 2m or 1h")
    return float(match[1]) * _UNITS_S[match[2] or "s"]


_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Listens to gas detectors, tells people until somebody takes responsibility, and proves protection.",
)
_ledger = typer.Typer(
    no_args_is_help=True, help="Bring the ledger of sites, detectors and people in and out."
)


@_app.command()
def up(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="With a simulated town and its phones.")] = False,
    for_: Annotated[
        float | None,
        typer.Option(
            "--for",
            parser=seconds,
            metavar="90s",
            help="Only with --demo: run this long, then print a summary; exit 0 only if all went as expected.",
        ),
    ] = None,
) -> None:
    """Run all services here, restarting what crashes, until Ctrl-C."""
    if for_ is not None and not demo:
        raise typer.BadParameter("--for needs --demo: it checks the demo's story")
    raise typer.Exit(import_module("gaswatch.up").up(is_demo=demo, for_s=for_))


@_app.command()
def run(service: Annotated[ServiceName, typer.Argument(help="Which one.")]) -> None:
    """Run one service until SIGTERM."""
    settings = import_module("gaswatch.settings").load()
    import_module("gaswatch.process").run_service(service.value, settings)


@_app.command()
def migrate() -> None:
    """Create or update the tables of the relational store."""
    settings = import_module("gaswatch.settings").load()
    import_module("gaswatch.stores.migrate").migrate(settings.database)
    typer.echo("the tables are up to date")


@_app.command()
def check() -> None:
    """Check configuration, broker, stores and SMS account: what works, what doesn't, what to do."""
    raise typer.Exit(import_module("gaswatch.check").check(typer.echo))


@_app.command()
def templates(
    provider: Annotated[str, typer.Argument(help="aliyun_sms, aliyun_voice or tencent_sms.")],
) -> None:
    """Write the texts that a provider has to approve, for the file GASWATCH_TEMPLATES."""
    module = import_module("alerts.adapters.template_file")
    if provider not in module.PROVIDERS:
        raise typer.BadParameter(f"{provider!r} takes no templates; {', '.join(sorted(module.PROVIDERS))} do")
    call = import_module("gaswatch.settings").load().emergency_number
    typer.echo(module.proposal(provider, call), nl=False)


@_ledger.command(name="import")
def import_(file: Annotated[Path, typer.Argument(help="JSON as `ledger export` writes it.")]) -> None:
    """Add and change records; none is removed. All of the file, or nothing."""
    changes, note = import_module("gaswatch.ledger_commands").bring_in(file)
    typer.echo(f"{changes} records added or changed")
    if note:
        typer.echo(note)


@_ledger.command()
def export(file: Annotated[Path, typer.Argument(help="The JSON file to write.")]) -> None:
    """Write the whole ledger."""
    records = import_module("gaswatch.ledger_commands").take_out(file)
    typer.echo(f"{records} records written to {file}")


def _mount_groups(asked: str | None) -> None:
    """Import only the group that is asked for; the others show themselves by a line of help."""
    _app.add_typer(_ledger, name="ledger")
    for name, (module, text) in _GROUPS.items():
        group = import_module(module).app if name == asked else _signpost()
        _app.add_typer(group, name=name, help=text)


def _signpost() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True)
    group.callback()(lambda: None)
    return group


def main() -> None:
    """Run the command line; an error that a user can mend is one line, and the exit code is 1."""
    _mount_groups(next((word for word in sys.argv[1:] if not word.startswith("-")), None))
    try:
        _app(prog_name="gaswatch")
    except Exception as error:
        line = import_module("gaswatch.errors").line_of(error)
        if line is None:
            raise
        sys.stderr.write(f"gaswatch: {line}\n")
        sys.exit(1)
