"""What the carrier's HTTP answers have in common."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData
from starlette.types import Receive, Scope, Send

from simulator.rules.twilio import PAGE, ApiError

JSON: Final = "application/json"
_BAD, _UNSUPPORTED = 400, 415


class NoAnswer(Response):
    """Says nothing until the other side has gone, as a network that lost the request does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the disconnect (ASGI)."""
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass


_T = TypeVar("_T")


async def json_body(request: Request, type_: type[_T]) -> _T | Response:
    """Read a JSON body. Only as JSON: a page elsewhere can post forms here, but not this (CORS)."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        return JSONResponse({"error": f"send {JSON}"}, status_code=_UNSUPPORTED)
    try:
        return msgspec.json.decode(await request.body(), type=type_)
    except msgspec.DecodeError as error:
        return JSONResponse({"error": str(error)}, status_code=_BAD)


def error_answer(error: ApiError) -> JSONResponse:
    """As Twilio says it."""
    return JSONResponse(error.body(), status_code=error.status)


def texts(form: FormData) -> dict[str, str]:
    """A form without files."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def number(text: str | None, otherwise: int) -> int:
    """A number of a query."""
    return int(text) if text is not None and text.isascii() and text.isdigit() else otherwise


def paged(name: str, found: Sequence[object], base: str, query: Mapping[str, str]) -> dict[str, object]:
    """One page of a list; as Twilio's, the next page's address repeats what was asked for."""
    size, page = min(number(query.get("PageSize"), PAGE), 1000), number(query.get("Page"), 0)
    asked = {key: text for key, text in query.items() if key not in {"Page", "PageSize", "PageToken"}}
    address = f"{base}?{urlencode({**asked, 'PageSize': size})}"
    shown = found[page * size : (page + 1) * size]
    return {
        name: shown,
        "end": page * size + max(len(shown) - 1, 0),
        "first_page_uri": f"{address}&Page=0",
        "next_page_uri": f"{address}&Page={page + 1}" if len(found) > (page + 1) * size else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": f"{address}&Page={page - 1}" if page else None,
        "start": page * size,
        "uri": f"{address}&Page={page}",
    }
