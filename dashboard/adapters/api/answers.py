"""How answers are written, and how they get into the OpenAPI document."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path, Response
from fastapi.openapi.utils import get_openapi

from dashboard.adapters.problems import PROBLEM_TYPE

_encode = msgspec.json.Encoder().encode
_KINDS: Final[dict[str, type]] = {}
_REF: Final = "#/components/schemas/{name}"
ENTRY_MOST: Final = 2**63 - 1
"""The greatest number of a journal entry; a store can't even be asked for a greater one."""
ALARM_MOST: Final = 2**31 - 1
"""The greatest number of an alarm."""
AlarmNumber = Annotated[int, Path(ge=1, le=ALARM_MOST)]


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457); `detail` says what to do. `outcome`: why an operator's request failed."""

    type: str
    title: str
    status: int
    detail: str
    outcome: str | None = None


def json(value: object, status: int = 200) -> Response:
    """An answer from structs."""
    return Response(_encode(value), status, media_type="application/json")


def shows(kind: type, *others: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that answers with `kind`; `others` are further statuses with the same body."""
    _KINDS[kind.__name__] = kind
    _KINDS[Problem.__name__] = Problem
    good = {"content": {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}}
    bad = {"content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name=Problem.__name__)}}}}
    answers: dict[int | str, dict[str, Any]] = {
        status: {"description": "Done" if status == 200 else "Noted", **good}  # noqa: PLR2004 -- HTTP's own
        for status in (200, *others)
    }
    return answers | {"default": {"description": "Problem details", **bad}}


def document(app: FastAPI) -> None:
    """Describe our structs in `app`'s OpenAPI document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _, schemas = msgspec.json.schema_components(list(_KINDS.values()), ref_template=_REF)
            found.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
