"""Who asks: the session cookie, what a role may do, and that a change comes from our own pages."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from dashboard.adapters.parts import Parts, parts_of
from dashboard.adapters.problems import ProblemError
from dashboard.ports import User
from dashboard.service.sessions import LASTS_MS

COOKIE: Final = "gaswatch_session"
OWN_HEADER: Final = "X-Gaswatch"
"""Sent by our scripts; a stranger's page can't add a header without being asked by the browser first."""
ACTING: Final = frozenset({"operator", "admin"})
"""Who acknowledges, closes and comments. Inspectors look."""


async def signed_in(request: Request) -> User:
    """The user of the session. Raises `ProblemError` 401."""
    token = request.cookies.get(COOKIE)
    user = None if token is None else await parts_of(request).sessions.who(token)
    if user is None:
        raise ProblemError(401, "Sign in at /login; your session is over or was never opened.")
    return user


SignedIn = Annotated[User, Depends(signed_in)]


async def acting(request: Request, user: SignedIn) -> User:
    """A user who may act on alarms, from a page of ours. Raises `ProblemError` 401, 403."""
    from_our_page(request)
    if user.role not in ACTING:
        raise ProblemError(403, f"Only operators may do this; you are signed in as {user.role}.")
    return user


Acting = Annotated[User, Depends(acting)]


def from_our_page(request: Request) -> None:
    """Refuse what a stranger's page made the browser send. Raises `ProblemError` 403."""
    if request.headers.get(OWN_HEADER) != "1":
        raise ProblemError(403, f"Send the header {OWN_HEADER}: 1 with every change.")


def from_our_form(request: Request) -> None:
    """The same for forms, which can't add headers: the browser says where they come from.

    On plain HTTP browsers send no Sec-Fetch-Site, so the origin is compared (console reference 4).
    Raises `ProblemError` 403.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    ours = {request.headers.get("Host", ""), urlsplit(parts_of(request).options.public).netloc}
    if _host_of(request.headers.get("Origin", "")) not in ours - {""}:
        raise ProblemError(403, "This form was not sent from a page of gaswatch: open it again and send it.")


def _host_of(origin: str) -> str:
    """Its host and port; "" when it has none, or is no address at all."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def give_cookie(response: Response, token: str, parts: Parts) -> None:
    """Let the browser keep the session; scripts can't read it, other sites can't use it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=LASTS_MS // 1000,
        path="/",
        secure=parts.options.is_https,
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response) -> None:
    """Let the browser forget it."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def address_of(request: Request) -> str:
    """Where the request comes from; behind a proxy that is told by uvicorn's own proxy handling."""
    return "" if request.client is None else request.client.host
