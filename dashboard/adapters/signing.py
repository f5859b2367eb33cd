"""The login page and the way out."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from dashboard.adapters import views
from dashboard.adapters.auth import COOKIE, address_of, from_our_form, give_cookie, take_cookie
from dashboard.adapters.parts import Parts, UsesParts
from gascore.journal import StoreDownError

router = APIRouter(include_in_schema=False)
RETRY_S = 60
"""The throttle's window."""
_log = structlog.get_logger()


@router.get("/login")
async def login_page(parts: UsesParts, next: str = "/") -> Response:  # noqa: A002 -- the query's own name
    """The form."""
    return _form(parts, next_=own_path(next))


@router.post("/login")
async def login(
    request: Request,
    parts: UsesParts,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next_: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Sign in and go where one wanted to go."""
    from_our_form(request)
    where = own_path(next_)
    address = address_of(request)
    if not parts.throttle.may_try(name, address):
        return _form(parts, name=name, next_=where, error="too_many", status=429)
    try:
        opened = await parts.sessions.sign_in(name, password, address)
    except StoreDownError as error:
        _log.error("nobody can sign in: the store is down", error=str(error))
        return _form(parts, name=name, next_=where, error="store_down", status=503)
    if opened is None:
        return _form(parts, name=name, next_=where, error="wrong", status=401)
    response = RedirectResponse(where, status_code=303)
    give_cookie(response, opened.token, parts)
    return response


@router.post("/logout")
async def logout(request: Request, parts: UsesParts) -> Response:
    """End the session on the server, too."""
    from_our_form(request)
    token = request.cookies.get(COOKIE)
    if token is not None:
        await parts.sessions.sign_out(token)
    response = RedirectResponse("/login", status_code=303)
    take_cookie(response)
    return response


def own_path(wanted: str) -> str:
    r"""A path of ours, or "/": nobody is sent to a stranger after signing in.

    >>> own_path("/detectors?q=1"), own_path("//evil.example"), own_path("/\\evil.example")
    ('/detectors?q=1', '/', '/')
    """
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable()
    return wanted if is_ours and "\\" not in wanted else "/"


def _form(
    parts: Parts,
    *,
    next_: str,
    name: str = "",
    error: views.LoginError | None = None,
    status: int = 200,
) -> Response:
    context = views.LoginContext(
        user=None,
        path="/login",
        asset=parts.pages.asset,
        now_ms=parts.clock.now_ms(),
        zone=parts.options.zone.key,
        error=error,
        retry_s=RETRY_S,
        name=name,
        next=next_,
    )
    page = parts.pages.render(views.LOGIN, language=parts.options.language, **context)
    headers = {"Retry-After": str(RETRY_S)} if error == "too_many" else None
    return HTMLResponse(page, status_code=status, headers=headers)
