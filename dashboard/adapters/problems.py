"""What goes wrong, said as RFC 9457 problem details to programs and as a page to people."""

from typing import Final
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from dashboard.adapters import views
from dashboard.adapters.parts import parts_of
from gascore.journal import StoreDownError

PROBLEM_TYPE: Final = "application/problem+json"
FOR_PROGRAMS: Final = ("/api/", "/webhooks/", "/metrics", "/healthz", "/readyz", "/static/")
_TITLES: Final = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Changed meanwhile",
    413: "Too large",
    415: "Another form is needed",
    422: "The request can't be understood",
    429: "Too many attempts",
    503: "Not available now",
}
_log = structlog.get_logger()


class ProblemError(Exception):
    """Ends a request; `detail` is one line that says what to do, `extra` are further members of the answer."""

    def __init__(self, status: int, detail: str, **extra: str | int) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


def add_handlers(app: FastAPI) -> None:
    """Let `app` answer with problems."""

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, error: ProblemError) -> Response:
        return answer(request, error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return answer(request, ProblemError(error.status_code, str(error.detail)))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return answer(request, ProblemError(422, f"{where}: {first['msg']}"))

    @app.exception_handler(StoreDownError)
    async def _store_down(request: Request, error: StoreDownError) -> Response:
        _log.error("a request failed: the store is down", path=request.url.path, error=str(error))
        detail = "The store can't be used now; nothing was changed. Try again in a moment."
        return answer(request, ProblemError(503, detail))

    @app.exception_handler(Exception)
    async def _defect(request: Request, error: Exception) -> Response:
        _log.exception("a request failed: a defect of ours", path=request.url.path, exc_info=error)
        return answer(request, ProblemError(500, "This is a defect of gaswatch; its log says more."))


def answer(request: Request, error: ProblemError) -> Response:
    """Problem details for programs; for people a page, or the way to the login page."""
    path = request.url.path
    if path.startswith(FOR_PROGRAMS):
        return _details(error)
    if error.status == 401:  # noqa: PLR2004 -- HTTP's own number
        return RedirectResponse(f"/login?next={quote(path)}", status_code=303)
    parts = parts_of(request)
    context = views.ProblemContext(
        user=None,
        path=path,
        asset=parts.pages.asset,
        now_ms=parts.clock.now_ms(),
        zone=parts.options.zone.key,
        status=error.status,
        detail=error.detail,
    )
    page = parts.pages.render(views.PROBLEM, language=parts.options.language, **context)
    return HTMLResponse(page, status_code=error.status)


def _details(error: ProblemError) -> Response:
    body = {
        "type": "about:blank",
        "title": _TITLES.get(error.status, "Failed"),
        "status": error.status,
        "detail": error.detail,
        **error.extra,
    }
    headers = {"WWW-Authenticate": "Session"} if error.status == 401 else None  # noqa: PLR2004 -- HTTP's
    return Response(msgspec.json.encode(body), error.status, headers, PROBLEM_TYPE)
