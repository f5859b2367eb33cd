"""The carrier over HTTP: Twilio's Messages API, the phones' page, and /sim/… to see and to steer it."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from simulator.adapters.calls_http import add_calls, calls_shown
from simulator.adapters.http_answers import NoAnswer, error_answer, json_body, paged, texts
from simulator.rules import twilio
from simulator.rules.twilio import ApiError, Sms
from simulator.service import telephone
from simulator.service.carrier import Behaviour, Carrier, Unanswered

_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_MESSAGES: Final = f"/{twilio.API_VERSION}/Accounts/{{account}}/Messages.json"
_MESSAGE: Final = f"/{twilio.API_VERSION}/Accounts/{{account}}/Messages/{{sid}}.json"
_ACCOUNT: Final = f"/{twilio.API_VERSION}/Accounts/{{account}}.json"
_JSON: Final = "application/json"
_CREATED, _NO_CONTENT, _BAD, _UNSUPPORTED = 201, 204, 400, 415


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person types on a phone."""

    phone: str
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=twilio.MAX_BODY)]


def make_app(carrier: Carrier, people: Mapping[str, str], *, zone: str) -> FastAPI:
    """The application; for the page, `people` names who owns a phone and `zone` is the town's IANA time zone."""
    app = FastAPI(title="gaswatch simulator: carrier", openapi_url=None, docs_url=None, redoc_url=None)
    api, page = _Api(carrier), _Page(carrier, people, zone)
    for path, method, answer in (
        (_MESSAGES, "POST", api.create),
        (_MESSAGES, "GET", api.list),
        (_MESSAGE, "GET", api.fetch),
        (_ACCOUNT, "GET", api.account),
        ("/", "GET", page.phones),
        ("/sim/messages", "GET", page.messages),
        ("/sim/messages", "DELETE", page.forget),
        ("/sim/reply", "POST", page.reply),
        ("/sim/behaviour", "GET", page.behaviour),
        ("/sim/behaviour", "PUT", page.behave),
    ):
        app.add_api_route(path, answer, methods=[method], response_model=None)
    add_calls(app, carrier, api.entrance)
    return app


class _Api:
    """Twilio's part: basic auth with the account's SID and token on everything."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def create(self, account: str, request: Request) -> Response:
        refused = self.entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        answer = await self._carrier.create(texts(await request.form()))
        if isinstance(answer, Unanswered):
            return NoAnswer()
        if isinstance(answer, ApiError):
            return error_answer(answer)
        return JSONResponse(twilio.resource(answer, account), status_code=_CREATED)

    async def fetch(self, account: str, sid: str, request: Request) -> Response:
        refused = self.entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        found = self._carrier.fetch(sid)
        return (
            error_answer(twilio.error(20404))
            if found is None
            else JSONResponse(twilio.resource(found, account))
        )

    async def list(self, account: str, request: Request) -> Response:
        refused = self.entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        return JSONResponse(_listed(self._carrier, account, request.query_params))

    async def account(self, account: str, request: Request) -> Response:
        """What a check of the credentials asks for."""
        refused = self.entrance(account, request)
        if refused is not None:
            return error_answer(refused)
        name = {"sid": account, "friendly_name": "gaswatch simulator", "status": "active", "type": "Full"}
        return JSONResponse(name)

    def entrance(self, account: str, request: Request) -> ApiError | None:
        """Why this request may not come in; None: it may."""
        scheme, _, packed = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(packed).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8
            return twilio.error(20003)
        known = scheme.lower() == "basic" and self._carrier.may_enter(user, password)
        return None if known and account == self._carrier.account else twilio.error(20003)


class _Page:
    """The phones' page, and what a test or a curious person steers the network with."""

    def __init__(self, carrier: Carrier, people: Mapping[str, str], zone: str) -> None:
        self._carrier = carrier
        self._people = people
        self._zone = zone
        self._html = files("simulator.adapters").joinpath("phones.html").read_text(encoding="utf-8")

    async def phones(self) -> HTMLResponse:
        return HTMLResponse(self._html, headers=_PAGE_HEADERS)

    async def messages(self, version: int = -1) -> JSONResponse:
        carrier = self._carrier
        if version == carrier.version:
            return JSONResponse({"version": version})
        shown = [_shown(each, self._people) for each in carrier.messages()]
        calls = calls_shown(carrier.telephone.all(), self._people)
        news = {"version": carrier.version, "zone": self._zone, "messages": shown, "calls": calls}
        return JSONResponse(news)

    async def forget(self) -> Response:
        self._carrier.forget()
        return Response(status_code=_NO_CONTENT)

    async def reply(self, request: Request) -> Response:
        said = await json_body(request, Reply)
        if isinstance(said, Response):
            return said
        return JSONResponse({"sid": self._carrier.reply(said.phone, said.text).sid}, status_code=_CREATED)

    async def behaviour(self) -> Response:
        return Response(msgspec.json.encode(self._carrier.behaviour), media_type=_JSON)

    async def behave(self, request: Request) -> Response:
        wanted = await json_body(request, Behaviour)
        if isinstance(wanted, Response):
            return wanted
        unknown = {*wanted.outcomes.values(), wanted.outcome} - _OUTCOMES
        unknown |= {*wanted.calls.values(), wanted.call} - telephone.OUTCOMES
        if unknown:
            return JSONResponse({"error": f"no such outcome: {', '.join(sorted(unknown))}"}, status_code=_BAD)
        self._carrier.behaviour = wanted
        return Response(msgspec.json.encode(wanted), media_type=_JSON)


_OUTCOMES: Final = {"delivered", "sent", *(str(code) for code in twilio.UNDELIVERED)}


def _listed(carrier: Carrier, account: str, query: Mapping[str, str]) -> dict[str, object]:
    wanted = {"to": query.get("To"), "sender": query.get("From")}
    found = [
        one
        for one in reversed(carrier.messages())
        if all(value is None or getattr(one, name) == value for name, value in wanted.items())
        and _was_sent(one, query)
    ]
    return paged(
        "messages",
        [twilio.resource(each, account) for each in found],
        _MESSAGES.format(account=account),
        query,
    )


def _was_sent(sms: Sms, query: Mapping[str, str]) -> bool:
    """Twilio's filters by DateSent, to the second, of a day or an instant in GMT; what waits has not been sent."""
    since, until = _instant(query.get("DateSent>")), _instant(query.get("DateSent<"))
    if since is None and until is None:
        return True
    sent_ms = sms.sent_ms
    if sent_ms is None:
        return False
    return (since is None or sent_ms // 1000 * 1000 >= since) and (until is None or sent_ms <= until)


def _instant(text: str | None) -> int | None:
    """ISO 8601 -> ms; what is no instant filters nothing, as at Twilio."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return None if at is None else round(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)


def _shown(sms: Sms, people: Mapping[str, str]) -> dict[str, object]:
    inwards = sms.direction == "inbound"
    phone = sms.sender if inwards else sms.to
    return {
        "sid": sms.sid,
        "direction": sms.direction,
        "phone": phone,
        "person": people.get(phone, ""),
        "from": sms.sender,
        "to": sms.to,
        "body": sms.text,
        "status": sms.status.value,
        "error_code": sms.error,
        "segments": twilio.segments(sms.text),
        "at_ms": sms.at_ms,
        "changed_ms": sms.changed_ms,
    }
