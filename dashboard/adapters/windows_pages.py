"""The page of maintenance windows: what runs and comes, a new one, changing one, and ending one now."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from dashboard.adapters import views, views_upkeep
from dashboard.adapters.api.places import BEFORE_ID, chosen, offered
from dashboard.adapters.api.windows import (
    EveryWeek,
    WindowBody,
    WindowKey,
    end_window,
    item,
    put_window,
    window_list,
    window_named,
)
from dashboard.adapters.auth import ACTING, SignedIn, from_our_form
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views_upkeep import WindowForm, WindowItem
from dashboard.ports import User
from gascore.alarm import LEAKS
from gascore.policy import OF_A_DETECTOR
from gascore.windows import Window
from gascore.words import PersonId

router = APIRouter(include_in_schema=False)
PEOPLE_SHOWN: Final = 1000
PLACES_SHOWN: Final = 200
KINDS: Final = tuple(sorted(OF_A_DETECTOR - LEAKS))
"""What may pass a window: leaks always do, and what is no detector's lies in no place."""


async def acting_by_form(request: Request, user: SignedIn) -> User:
    """A user who may act, from a form of ours. Raises `ProblemError` 401, 403."""
    from_our_form(request)
    if user.role not in ACTING:
        raise ProblemError(403, f"Only operators may do this; you are signed in as {user.role}.")
    return user


ActingByForm = Annotated[User, Depends(acting_by_form)]


class Filled(BaseModel):
    """What the form sends; instants are the town's wall clock, "2026-11-25T20:30"."""

    where: str = ""
    person: str
    reason: str
    begins: str = ""
    ends: str
    days: list[int] = []
    day_begins: str = ""
    day_ends: str = ""
    passes: list[str] = []
    gas_test: bool = False


@router.get("/windows")
async def windows_page(
    request: Request, parts: UsesParts, user: SignedIn, where: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """All windows, and the form of a new one; `where`: the place it begins with."""
    return await _page(request, parts, user, WindowForm(where=where))


@router.post("/windows")
async def make(
    request: Request, parts: UsesParts, user: ActingByForm, filled: Annotated[Filled, Form()]
) -> Response:
    """Make a window; what is wrong with it is said above the form."""
    return await _save(request, parts, user, filled, None)


@router.get("/windows/{window}")
async def window_page(window: WindowKey, request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """The form of a window that is there already."""
    found = await window_named(parts, window)
    return await _page(request, parts, user, _form_of(parts, found))


@router.post("/windows/{window}")
async def change(
    window: WindowKey,
    request: Request,
    parts: UsesParts,
    user: ActingByForm,
    filled: Annotated[Filled, Form()],
) -> Response:
    """Change a window; its place stays."""
    return await _save(request, parts, user, filled, await window_named(parts, window))


@router.post("/windows/{window}/end")
async def end_now(window: WindowKey, request: Request, parts: UsesParts, user: ActingByForm) -> Response:
    """End it now, for good."""
    try:
        await end_window(parts, window, user.name)
    except ProblemError as problem:
        return await _page(request, parts, user, WindowForm(), problem)
    return RedirectResponse("/windows", status_code=303)


async def _save(
    request: Request, parts: Parts, user: User, filled: Filled, before: Window | None
) -> Response:
    try:
        body = await _body(parts, filled, before)
        await put_window(parts, before.id if before else parts.new_id(), body, user.name, before)
    except ProblemError as problem:
        return await _page(request, parts, user, _form_again(filled, before), problem)
    except (ValidationError, ValueError, OverflowError):
        unread = ProblemError(422, "Fill in every field; instants like 2026-11-25T20:30.")
        return await _page(request, parts, user, _form_again(filled, before), unread)
    return RedirectResponse("/windows", status_code=303)


async def _body(parts: Parts, filled: Filled, before: Window | None) -> WindowBody:
    weekly = None
    if filled.days:
        weekly = EveryWeek(days=set(filled.days), begins=filled.day_begins, ends=filled.day_ends)
    if before is None:
        place = await chosen(parts, filled.where)
        kind, key = place.kind, place.id
    else:
        kind, key = before.place, before.at
    return WindowBody.model_validate(
        {
            "place": kind,
            "at": key,
            "person": filled.person,
            "reason": filled.reason,
            "from_ms": _ms(parts, filled.begins, before.from_ms if before else None),
            "until_ms": _ms(parts, filled.ends, before.until_ms if before else None),
            "weekly": weekly,
            "passes": filled.passes,
            "gas_test": filled.gas_test,
        }
    )


def _ms(parts: Parts, text: str, before_ms: int | None) -> int | None:
    """The instant, ms; None: nothing was filled in. One that was not touched keeps its seconds."""
    if before_ms is not None and text == _wall_clock(parts, before_ms):
        return before_ms
    if not text:
        return None
    return round(datetime.fromisoformat(text).replace(tzinfo=parts.options.zone).timestamp() * 1000)


def _wall_clock(parts: Parts, at_ms: int) -> str:
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(parts.options.zone)
    return local.strftime("%Y-%m-%dT%H:%M")


def _form_of(parts: Parts, window: Window) -> WindowForm:
    weekly = window.weekly
    return WindowForm(
        key=window.id,
        person=window.person,
        reason=window.reason,
        begins=_wall_clock(parts, window.from_ms),
        ends=_wall_clock(parts, window.until_ms),
        days=tuple(sorted(weekly.days)) if weekly else (),
        day_begins=weekly.begins if weekly else "",
        day_ends=weekly.ends if weekly else "",
        passes=tuple(sorted(window.passes)),
        gas_test=window.gas_test,
    )


def _form_again(filled: Filled, before: Window | None) -> WindowForm:
    """Nobody types it all twice."""
    return WindowForm(
        **filled.model_dump() | {"days": tuple(filled.days), "passes": tuple(filled.passes)},
        key=before.id if before else "",
    )


async def _page(
    request: Request, parts: Parts, user: User, form: WindowForm, problem: ProblemError | None = None
) -> Response:
    found = await window_list(parts)
    known = parts.follower.picture.board.names.people
    people = sorted(known.values(), key=lambda one: one.name)[:PEOPLE_SHOWN]
    answering = known.get(PersonId(form.person))
    if answering is not None and answering not in people:
        people.append(answering)
    context = views_upkeep.WindowsContext(
        **base_of(request, parts, user),
        windows=found.items,
        people=tuple(people),
        places=await offered(parts, "", PLACES_SHOWN),
        kinds=KINDS,
        before_id=BEFORE_ID,
        changed=await _changed(parts, form),
        form=form,
        error=problem.detail if problem else "",
    )
    response = page_of(parts, user, views.WINDOWS, **context)
    response.status_code = problem.status if problem else 200
    return response


async def _changed(parts: Parts, form: WindowForm) -> WindowItem | None:
    return item(parts, await window_named(parts, form.key)) if form.key else None
