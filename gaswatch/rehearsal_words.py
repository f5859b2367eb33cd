"""How `gaswatch alarms dry-run` says what a rehearsal found."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from gascore.alarm import ChannelKind, Suppression
from gascore.rehearsal import Line, Quiet, Rehearsal, Way


def show(found: Rehearsal, zone: ZoneInfo, console: Console) -> None:
    """Print who would be told, one line for each person and way."""
    level = f" {found.level.name.lower()}" if found.level else ""
    console.print(
        f"{found.detector}: {found.kind}{level}, priority {found.priority.value}: "
        f"policy {found.policy} ({_version(found.version)})"
    )
    for text in _beforehand(found, zone):
        console.print(text)
    _lines(found, found.lines, zone, console)
    if found.lines:
        console.print(f"then everybody again every {found.repeat_s:g} s, until somebody answers")
        if found.ack_expires_s:
            console.print(f"an answer that nothing follows counts for {found.ack_expires_s:g} s")
    if found.then:
        after = found.then
        console.print(
            f"from {_when(after.at_ms, found.at_ms, zone)} on, if there is gas still: "
            f"policy {after.policy} ({_version(after.version)})"
        )
        _lines(found, after.lines, zone, console)
    if any(line.person and line.way is None for line in found.lines):
        console.print("whom the channels reach can't be said: `gaswatch check` says why")


def _beforehand(found: Rehearsal, zone: ZoneInfo) -> Iterator[str]:
    if found.blind:
        numbers = ", ".join(f"{one}" for one in found.blind)
        yield f"we can't see at present (alarm {numbers}): as long as that lasts, it may go unheard"
    if found.open:
        yield f"alarm {found.open} is open for it already: what is new is told as part of that one"
    for one in found.quiet:
        yield _quiet(one, found.at_ms, zone)
    if found.hold_s and not found.quiet:
        yield f"held for {found.hold_s:g} s: many at once would be one group alarm instead"


def _quiet(one: Quiet, at_ms: int, zone: ZoneInfo) -> str:
    until = "" if one.until_ms is None else f" until {_when(one.until_ms, at_ms, zone)}"
    passes = ", ".join(sorted(one.passes)) or "leaks alone"
    match one.suppression:
        case Suppression.BY_DESIGN:
            return f"silent: alarm {one.alarm} stands for it as long as it is open; without it:"
        case Suppression.SHELVED:
            return f"silent{until}: {one.by} has shelved alarm {one.alarm} of it ({one.reason}); then:"
        case Suppression.GAS_TEST:
            return f"gas test{until}: maintenance window {one.window} of {one.by} ({one.reason}); the operators alone:"
        case _:
            return (
                f"silent{until}: maintenance window {one.window} of {one.by} ({one.reason}); "
                f"passes: {passes}; then:"
            )


def _lines(found: Rehearsal, lines: Iterable[Line], zone: ZoneInfo, console: Console) -> None:
    shown = list(lines)
    if not shown:
        console.print("nobody is told: it is shown on the console")
        return
    table = Table("when", "step", "who", "as", "by", "number", "reached")
    for line in shown:
        table.add_row(
            f"{_when(line.at_ms, found.at_ms, zone)} (+{line.after_s:g} s)",
            str(line.step),
            line.name_en or line.name or f"nobody: {_why(line)}",
            line.role,
            f"{'else ' if line.instead else ''}{line.channel or ''}",
            line.address,
            _way(line),
        )
    console.print(table)


def _way(line: Line) -> str:
    number = f"+{line.country} " if line.country else ""
    match line.way:
        case Way.OPEN:
            return "yes"
        case Way.ONE_WAY:
            return "yes; can't answer by it"
        case Way.NO_NUMBER:
            return "not reachable: no telephone number"
        case Way.LANDLINE:
            return "not reachable: a landline takes no texts"
        case Way.NO_PROVIDER:
            return f"not reachable: no provider for {number}{line.channel}"
        case None:
            return "" if line.channel in {None, ChannelKind.CONSOLE} else "?"


def _when(at_ms: int, begin_ms: int, zone: ZoneInfo) -> str:
    """The time of day; with the date where it is another day's."""
    at, begin = (datetime.fromtimestamp(one / 1000, zone) for one in (at_ms, begin_ms))
    return f"{at:%H:%M:%S}" if at.date() == begin.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def _version(version: int) -> str:
    return f"version {version}" if version else "built in"


def _why(line: Line) -> str:
    why = line.why.value.replace("_", " ") if line.why else ""
    return f"{line.target}: {why}"
