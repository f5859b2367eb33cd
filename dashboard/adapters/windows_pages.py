"""The page of maintenance windows: what runs and comes, a new one, and ending one now."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from dashboard.adapters import views, views_upkeep
from dashboard.adapters.api.windows import (
    EveryWeek,
    WindowBody,
    WindowKey,
    end_window,
    put_window,
    window_list,
)
from dashboard.adapters.auth import ACTING, SignedIn, from_our_form
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.ports import User
from gascore.windows import PlaceKind

router = APIRouter(include_in_schema=False)
PEOPLE_SHOWN: Final = 1000


async def acting_by_form(request: Request, user: SignedIn) -> User:
    """A user who may act, from a form of ours. Raises `ProblemError` 401, 403."""
    from_our_form(request)
    if user.role not in ACTING:
        raise ProblemError(403, f"Only operators may do this; you are signed in as {user.role}.")
    return user


ActingByForm = Annotated[User, Depends(acting_by_form)]


class Filled(BaseModel):
    """What the form sends; instants are the town's wall clock, "2026-11-25T20:30"."""

    place: PlaceKind
    at: str
    person: str
    reason: str
    begins: str = ""
    ends: str
    days: list[int] = []
    day_begins: str = ""
    day_ends: str = ""
    gas_test: bool = False


@router.get("/windows")
async def windows_page(request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """All windows, and the form of a new one."""
    return await _page(request, parts, user)


@router.post("/windows")
async def make(
    request: Request, parts: UsesParts, user: ActingByForm, filled: Annotated[Filled, Form()]
) -> Response:
    """Make a window; what is wrong with it is said above the form."""
    try:
        await put_window(parts, parts.new_id(), _body(filled, parts), user.name, None)
    except ProblemError as problem:
        return await _page(request, parts, user, error=problem.detail)
    except (ValidationError, ValueError, OverflowError):
        return await _page(request, parts, user, error="Fill in every field; instants like 2026-11-25T20:30.")
    return RedirectResponse("/windows", status_code=303)


@router.post("/windows/{window}/end")
async def end_now(window: WindowKey, parts: UsesParts, user: ActingByForm) -> Response:
    """End it now, for good."""
    await end_window(parts, window, user.name)
    return RedirectResponse("/windows", status_code=303)


def _body(filled: Filled, parts: Parts) -> WindowBody:
    weekly = None
    if filled.days:
        weekly = EveryWeek(days=set(filled.days), begins=filled.day_begins, ends=filled.day_ends)
    return WindowBody(
        place=filled.place,
        at=filled.at.strip(),
        person=filled.person,
        reason=filled.reason,
        from_ms=_ms(filled.begins, parts) if filled.begins else None,
        until_ms=_ms(filled.ends, parts),
        weekly=weekly,
        gas_test=filled.gas_test,
    )


def _ms(text: str, parts: Parts) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=parts.options.zone).timestamp() * 1000)


async def _page(request: Request, parts: Parts, user: User, error: str = "") -> Response:
    found = await window_list(parts)
    people = sorted(parts.follower.picture.board.names.people.values(), key=lambda one: one.name)
    context = views_upkeep.WindowsContext(
        **base_of(request, parts, user),
        windows=found.items,
        people=tuple(people[:PEOPLE_SHOWN]),
        places=tuple(PlaceKind),
        error=error,
    )
    response = page_of(parts, user, views.WINDOWS, **context)
    response.status_code = 422 if error else 200
    return response
