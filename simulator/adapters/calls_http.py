"""The carrier's telephones over HTTP: Twilio's Calls API, and what a person does at a phone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from simulator.adapters.http_answers import NoAnswer, error_answer, json_body, paged, texts
from simulator.rules import twilio
from simulator.rules.twilio import ApiError
from simulator.rules.twilio_calls import Call, resource
from simulator.service.carrier import Carrier, Unanswered
from simulator.service.telephone import ACTIONS

Entrance = Callable[[str, Request], ApiError | None]
_CALLS: Final = f"/{twilio.API_VERSION}/Accounts/{{account}}/Calls.json"
_CALL: Final = f"/{twilio.API_VERSION}/Accounts/{{account}}/Calls/{{sid}}.json"
_CREATED, _NO_CONTENT, _BAD, _NOT_FOUND = 201, 204, 400, 404


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person does with a call."""

    sid: str
    action: str


def add_calls(app: FastAPI, carrier: Carrier, entrance: Entrance) -> None:
    """Add the routes; `entrance` says why a request may not come in."""
    api = _Calls(carrier, entrance)
    for path, method, answer in (
        (_CALLS, "POST", api.create),
        (_CALLS, "GET", api.list),
        (_CALL, "GET", api.fetch),
        ("/sim/call", "POST", api.act),
    ):
        app.add_api_route(path, answer, methods=[method], response_model=None)


def calls_shown(calls: Sequence[Call], people: Mapping[str, str]) -> list[dict[str, object]]:
    """As the phones' page has them."""
    return [
        {
            "sid": one.sid,
            "phone": one.to,
            "person": people.get(one.to, ""),
            "from": one.sender,
            "status": one.status.value,
            "heard": one.heard,
            "keys": one.keys,
            "at_ms": one.at_ms,
        }
        for one in calls
    ]


class _Calls:
    def __init__(self, carrier: Carrier, entrance: Entrance) -> None:
        self._carrier = carrier
        self._entrance = entrance

    async def create(self, account: str, request: Request) -> Response:
        refused = self._entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        answer = await self._carrier.create_call(texts(await request.form()))
        if isinstance(answer, Unanswered):
            return NoAnswer()
        if isinstance(answer, ApiError):
            return error_answer(answer)
        return JSONResponse(resource(answer, account), status_code=_CREATED)

    async def fetch(self, account: str, sid: str, request: Request) -> Response:
        refused = self._entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        found = self._carrier.telephone.fetch(sid)
        return error_answer(twilio.error(20404)) if found is None else JSONResponse(resource(found, account))

    async def list(self, account: str, request: Request) -> Response:
        refused = self._entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        to = request.query_params.get("To")
        found = [one for one in reversed(self._carrier.telephone.all()) if to in {None, one.to}]
        shown = [resource(each, account) for each in found]
        return JSONResponse(paged("calls", shown, _CALLS.format(account=account), request.query_params))

    async def act(self, request: Request) -> Response:
        """A person at the phones' page."""
        wanted = await json_body(request, Act)
        if isinstance(wanted, Response):
            return wanted
        if wanted.action not in ACTIONS:
            return JSONResponse({"error": f"no such action: {wanted.action}"}, status_code=_BAD)
        if not self._carrier.telephone.act(wanted.sid, wanted.action):
            return JSONResponse({"error": "that call is over"}, status_code=_NOT_FOUND)
        return Response(status_code=_NO_CONTENT)
