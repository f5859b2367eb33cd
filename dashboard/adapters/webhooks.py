"""What Twilio tells us: receipts and replies, taken only with Twilio's signature over our public address.

They go into the journal and are answered at once; alerts makes of them what they mean. Callbacks come out of
order and twice: that is for alerts to sort out.
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # has no types

from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from gascore.journal import Event, ReceiptReceived, ReplyReceived

router = APIRouter(prefix="/webhooks/twilio", tags=["webhooks"])
CHANNEL: Final = "sms"
"""As alerts names it in its notices."""
_FORM: Final = "application/x-www-form-urlencoded"
"""The only form that is taken: the other kind could bring files, of which no signature is made."""
_EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Twilio sends nothing back by itself; our answers go through the outbox like every text."""
BODY_KEPT: Final = 1600
"""Characters; Twilio's own limit of a message."""


@router.post("/sms", response_class=Response)
async def sms(request: Request, parts: UsesParts) -> Response:
    """A person answered by text."""
    form = await _verified(request, parts)
    event = ReplyReceived(
        channel=CHANNEL,
        provider_id=_text(form, "MessageSid"),
        sender=_text(form, "From"),
        body=str(form.get("Body", ""))[:BODY_KEPT],
    )
    await _append(parts, event)
    return Response(_EMPTY_TWIML, media_type="application/xml")


@router.post("/status", status_code=204, response_class=Response)
async def status(request: Request, parts: UsesParts) -> Response:
    """What became of a message."""
    form = await _verified(request, parts)
    code = form.get("ErrorCode")
    event = ReceiptReceived(
        channel=CHANNEL,
        provider_id=_text(form, "MessageSid"),
        status=_text(form, "MessageStatus"),
        code=str(code) if code else None,
    )
    await _append(parts, event)
    return Response(status_code=204)


async def _verified(request: Request, parts: Parts) -> FormData:
    """The form, if Twilio signed it for our public address; a proxy's Host header is not believed."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
        raise ProblemError(415, f"Send the fields as {_FORM}, as Twilio does.")
    form = await request.form()
    token = parts.options.twilio_token
    if not token:
        raise ProblemError(403, "No webhook is expected: TWILIO_AUTH_TOKEN is not set.")
    # Of the scope, not of `request.url`, which takes in whatever the Host header says.
    query = request.scope["query_string"].decode("latin-1")
    url = f"{parts.options.public}{request.scope['path']}{'?' if query else ''}{query}"
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(token).validate(url, form, signature):
        raise ProblemError(403, f"The signature is not Twilio's for {url}: check GASWATCH_PUBLIC_URL.")
    return form


def _text(form: FormData, key: str) -> str:
    value = form.get(key)
    if not isinstance(value, str) or not value:
        raise ProblemError(422, f"{key}: is missing")
    return value


async def _append(parts: Parts, event: Event) -> None:
    now_ms = parts.clock.now_ms()
    await parts.lanes.urgent.do(lambda: parts.journal.append([event], now_ms))
