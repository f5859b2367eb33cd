"""What Twilio tells us: receipts, replies and keys, taken only with Twilio's signature over our public address.

They go into the journal and are answered at once; alerts makes of them what they mean. Callbacks come out of
order: that is for alerts to sort out. The same one again is not taken again (`dashboard.adapters.once`).
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # has no types
from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]  # has no types

from dashboard.adapters.once import digest_of, take_once
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from gascore.journal import Event, KeyPressed, ReceiptReceived, ReplyReceived
from gascore.voice import PRESS, TAKES_OVER, THANKS, VOICES
from gascore.words import Language, NoticeId

router = APIRouter(prefix="/webhooks/twilio")
SMS: Final = "twilio_sms"
VOICE: Final = "twilio_voice"
"""As alerts calls them."""
_FORM: Final = "application/x-www-form-urlencoded"
"""The only form that is taken: the other kind could bring files, of which no signature is made."""
_EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Twilio sends nothing back by itself; our answers go through the outbox like every text."""
_KEY_S: Final = 8
BODY_KEPT: Final = 1600
"""Characters; Twilio's own limit of a message."""


@router.post("/sms", response_class=Response)
async def sms(request: Request, parts: UsesParts) -> Response:
    """A person answered by text."""
    form = await _verified(request, parts)
    event = ReplyReceived(
        channel=SMS,
        provider_id=_text(form, "MessageSid"),
        sender=_text(form, "From"),
        body=str(form.get("Body", ""))[:BODY_KEPT],
    )
    await _take(request, parts, event)
    return Response(_EMPTY_TWIML, media_type="application/xml")


@router.post("/status", status_code=204, response_class=Response)
async def status(request: Request, parts: UsesParts) -> Response:
    """What became of a message or of a call."""
    form = await _verified(request, parts)
    is_call = "CallSid" in form
    code = form.get("ErrorCode")
    event = ReceiptReceived(
        channel=VOICE if is_call else SMS,
        provider_id=_text(form, "CallSid" if is_call else "MessageSid"),
        status=_text(form, "CallStatus" if is_call else "MessageStatus"),
        code=str(code) if code else None,
    )
    await _take(request, parts, event)
    return Response(status_code=204)


@router.post("/voice", response_class=Response)
async def voice(request: Request, parts: UsesParts) -> Response:
    """A person pressed a key in a call; the answer is what the call says next."""
    form = await _verified(request, parts)
    digit = _text(form, "Digits")[:1]
    notice = request.query_params.get("notice", "")
    event = KeyPressed(
        channel=VOICE,
        provider_id=_text(form, "CallSid"),
        digit=digit,
        notice=NoticeId(int(notice)) if notice.isascii() and notice.isdigit() else None,
    )
    await _take(request, parts, event)
    asked = request.query_params.get("lang", "")
    language = Language(asked) if asked in set(Language) else Language.ZH
    twiml = _thanks(language) if digit == TAKES_OVER else _once_more(language, _public_url(request, parts))
    return Response(twiml, media_type="application/xml")


def _thanks(language: Language) -> str:
    response = VoiceResponse()
    response.say(THANKS[language], language=VOICES[language].language, voice=VOICES[language].name)
    return str(response)


def _once_more(language: Language, action: str) -> str:
    """Another key: it may have been a slip."""
    voice = VOICES[language]
    gather = Gather(input="dtmf", num_digits=1, timeout=_KEY_S, action=action, method="POST")
    gather.say(PRESS[language], language=voice.language, voice=voice.name)
    response = VoiceResponse()
    response.append(gather)
    return str(response)


async def _verified(request: Request, parts: Parts) -> FormData:
    """The form, if Twilio signed it for our public address; a proxy's Host header is not believed."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
        raise ProblemError(415, f"Send the fields as {_FORM}, as Twilio does.")
    form = await request.form()
    token = parts.options.twilio_token
    if not token:
        raise ProblemError(403, "No webhook is expected: TWILIO_AUTH_TOKEN is not set.")
    url = _public_url(request, parts)
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(token).validate(url, form, signature):
        raise ProblemError(403, f"The signature is not Twilio's for {url}: check GASWATCH_PUBLIC_URL.")
    return form


def _public_url(request: Request, parts: Parts) -> str:
    """As Twilio was told it; of the scope, not of `request.url`, which takes in whatever the Host header says."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{parts.options.public}{request.scope['path']}{'?' if query else ''}{query}"


def _text(form: FormData, key: str) -> str:
    value = form.get(key)
    if not isinstance(value, str) or not value:
        raise ProblemError(422, f"{key}: is missing")
    return value


async def _take(request: Request, parts: Parts, event: Event) -> None:
    """The signature is over address and fields, in whatever order these come: it is the call."""
    signature = request.headers["X-Twilio-Signature"].encode("latin-1")
    await take_once(parts, digest_of(request, signature), [event])
