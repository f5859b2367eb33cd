"""Maintenance windows: who works where, until when, and what still reaches people."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from dashboard.adapters.api.alarm_actions import MS_MOST
from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.api.detectors import installed
from dashboard.adapters.auth import Acting, SignedIn
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views_upkeep import WindowItem
from dashboard.rules.places import place_of
from gascore.alarm import LEAKS, AlarmKind
from gascore.windows import PlaceKind, Weekly, Window, WindowError, check, next_time, time_at
from gascore.words import PersonId

router = APIRouter(prefix="/api/v1", tags=["windows"])
WindowKey = Annotated[str, Path(min_length=1, max_length=64)]
OVER_SHOWN_MS: Final = 86_400_000
"""Windows that were over yesterday are in the journal only."""


class WindowList(msgspec.Struct, frozen=True):
    """All windows that are not over, who ends first is first, and those of the last day."""

    now_ms: int
    items: tuple[WindowItem, ...]


class EveryWeek(BaseModel):
    """Days of the week (Monday is 1) from `begins` to `ends`, "HH:MM" in the town's time."""

    days: set[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1)
    begins: str = Field(max_length=5)
    ends: str = Field(max_length=5)


class WindowBody(BaseModel):
    """A window; `from_ms` left out: from now on, or as it was. `until_ms`: its end, or that of its repetition."""

    place: PlaceKind
    at: str = Field(min_length=1, max_length=64)
    person: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=200)
    from_ms: int | None = Field(default=None, ge=0, le=MS_MOST)
    until_ms: int = Field(ge=0, le=MS_MOST)
    weekly: EveryWeek | None = None
    passes: set[AlarmKind] = Field(default_factory=set)
    gas_test: bool = False


@router.get("/windows", responses=shows(WindowList))
async def windows(parts: UsesParts, user: SignedIn) -> Response:
    """Maintenance windows."""
    del user
    return json(await window_list(parts))


@router.post("/windows", responses=shows(WindowItem))
async def make(body: WindowBody, parts: UsesParts, user: Acting) -> Response:
    """Make one."""
    return json(await put_window(parts, parts.new_id(), body, user.name, None))


@router.get("/windows/{window}", responses=shows(WindowItem))
async def window_of(window: WindowKey, parts: UsesParts, user: SignedIn) -> Response:
    """One window."""
    del user
    return json(item(parts, await window_named(parts, window)))


@router.put("/windows/{window}", responses=shows(WindowItem))
async def change(window: WindowKey, body: WindowBody, parts: UsesParts, user: Acting) -> Response:
    """Change one: a new end moves the present time's end, too."""
    return json(await put_window(parts, window, body, user.name, await window_named(parts, window)))


@router.delete("/windows/{window}", responses=shows(WindowItem))
async def end(window: WindowKey, parts: UsesParts, user: Acting) -> Response:
    """End it now, for good: what still holds under it reaches people at once."""
    return json(await end_window(parts, window, user.name))


async def end_window(parts: Parts, key: str, by: str) -> WindowItem:
    """End it now. Raises `ProblemError` 404, 409."""
    found = await window_named(parts, key)
    now_ms = parts.clock.now_ms()
    if found.last_ms <= now_ms:
        raise ProblemError(409, "It is over already: make a new one.")
    ended = msgspec.structs.replace(found, over_ms=now_ms)
    await parts.lanes.quick.do(lambda: parts.windows.put(ended, by, now_ms))
    return item(parts, ended)


async def window_named(parts: Parts, key: str) -> Window:
    """One window, over or not. Raises `ProblemError` 404."""
    found = await parts.lanes.quick.do(lambda: parts.windows.window(key))
    if found is None:
        raise ProblemError(404, f"There is no window {key}.")
    return found


async def window_list(parts: Parts) -> WindowList:
    """What is running, coming, or was over lately."""
    now_ms = parts.clock.now_ms()
    found = await parts.lanes.quick.do(lambda: parts.windows.live(now_ms - OVER_SHOWN_MS))
    return WindowList(now_ms, tuple(item(parts, one) for one in found))


def item(parts: Parts, window: Window) -> WindowItem:
    """A window as it is shown; what left the ledger has no name."""
    now_ms, zone = parts.clock.now_ms(), parts.options.zone
    running = time_at(window, now_ms, zone)
    coming = None if running else next_time(window, now_ms, zone)
    names = parts.follower.picture.board.names
    person = names.people.get(window.person)
    name, name_en = _name(parts, window)
    return WindowItem(
        **msgspec.structs.asdict(window),
        place_name=name,
        place_name_en=name_en,
        person_name=person.name if person else window.person,
        running_until_ms=running[1] if running else None,
        next_ms=coming[0] if coming else None,
    )


def _name(parts: Parts, window: Window) -> tuple[str, str]:
    place = place_of(parts.follower.picture.board.names, window.place, window.at)
    return (place.name, place.name_en) if place else (window.at, window.at)


async def put_window(parts: Parts, key: str, body: WindowBody, by: str, before: Window | None) -> WindowItem:
    """Make or change one. Raises `ProblemError` 404, 409, 422."""
    now_ms = parts.clock.now_ms()
    if before is not None:
        _check_before(before, body, now_ms)
    window = _window(key, body, by, now_ms, before)
    _check(window, now_ms)
    await _check_place(parts, window)
    await parts.lanes.quick.do(lambda: parts.windows.put(window, by, now_ms))
    return item(parts, window)


def _window(key: str, body: WindowBody, by: str, now_ms: int, before: Window | None) -> Window:
    # What has been is in the journal: a window begins now, or did when it was made.
    earliest_ms = min(before.from_ms, now_ms) if before else now_ms
    default_ms = before.from_ms if before else now_ms
    weekly = body.weekly
    return Window(
        id=key,
        place=body.place,
        at=body.at,
        person=PersonId(body.person),
        by=by,
        reason=body.reason.strip(),
        from_ms=max(earliest_ms, default_ms if body.from_ms is None else body.from_ms),
        until_ms=body.until_ms,
        weekly=Weekly(frozenset(weekly.days), weekly.begins, weekly.ends) if weekly else None,
        passes=frozenset(body.passes) - LEAKS,
        gas_test=body.gas_test,
    )


def _check_before(before: Window, body: WindowBody, now_ms: int) -> None:
    """What is over stays as it was, and the journal says of each time where it lay."""
    if before.last_ms <= now_ms:
        raise ProblemError(409, "It is over already: make a new one.")
    if (body.place, body.at) != (before.place, before.at):
        raise ProblemError(422, "at: a window stays where it is; end this one and make a new one there.")


def _check(window: Window, now_ms: int) -> None:
    if window.until_ms <= now_ms:
        raise ProblemError(422, "until_ms: choose an instant in the future.")
    try:
        check(window)
    except WindowError as error:
        raise ProblemError(422, f"{error}.") from error


async def _check_place(parts: Parts, window: Window) -> None:
    names = parts.follower.picture.board.names
    if window.person not in names.people:
        raise ProblemError(422, "person: there is nobody with this id in the ledger; choose another one.")
    if window.place is PlaceKind.DETECTOR:
        await installed(parts, window.at)
        return
    if place_of(names, window.place, window.at) is None:
        raise ProblemError(422, f"at: there is no {window.place.value} {window.at} in the ledger.")
