"""The channels besides Twilio, as far as the settings ask for them: one registration each."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from alerts.adapters import aliyun, tencent_sms
from alerts.adapters.aliyun_sms import AliyunSms
from alerts.adapters.aliyun_voice import AliyunVoice
from alerts.adapters.failures import MissingExtraError
from alerts.adapters.im_bot import ImBot, Room, dialect_of
from alerts.adapters.mail import Mail, Server
from alerts.adapters.template_file import TemplatesError, read
from alerts.adapters.tencent_sms import TencentSms
from alerts.adapters.webhook import Webhook
from alerts.rules.countries import CHINA_ONLY
from alerts.rules.templates import Book, defects
from alerts.service import Registered
from gascore.clock import Clock
from gaswatch.settings import Settings, SettingsError

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


def more_channels(settings: Settings, clock: Clock) -> Iterator[Registered]:
    """Those that are set up.

    Raises:
        SettingsError: a library or a template is missing; the message says what to do.
    """
    if lines := template_defects(settings):
        more = f" (and {len(lines) - 1} more: see `gaswatch check`)" if len(lines) > 1 else ""
        raise SettingsError(f"GASWATCH_TEMPLATES: {lines[0]}{more}")
    try:
        yield from _aliyun(settings)
        yield from _tencent(settings)
    except MissingExtraError as error:
        raise SettingsError(str(error)) from error
    if settings.webhook_urls:
        secret = settings.webhook_secret.get_secret_value()
        yield Registered(Webhook(dict(settings.webhook_urls), secret, clock))
    if settings.im_urls:
        yield Registered(ImBot(rooms_of(settings), clock))
    if server := mail_of(settings):
        yield Registered(Mail(server, clock))


def template_defects(settings: Settings) -> list[str]:
    """What is wrong with the templates of the providers that are set up, one line each."""
    wanted = _wanted(settings)
    if not wanted:
        return []
    try:
        books = read(Path(settings.templates))
    except TemplatesError as error:
        return [str(error)]
    return [
        line
        for name in wanted
        for line in defects(name, books.get(name, Book(spoken=name == AliyunVoice.name)))
    ]


def rooms_of(settings: Settings) -> dict[str, Room]:
    """The robots by name; what stands behind # in an address is the secret.

    Raises:
        SettingsError: an address is no robot's.
    """
    rooms = {}
    for name, address in settings.im_urls:
        url, secret = urldefrag(address)
        if dialect_of(url) is None:
            raise SettingsError(
                f"GASWATCH_IM_URLS: {name} is no robot of DingTalk, WeCom or Feishu; copy the robot's whole address"
            )
        rooms[name] = Room(url, unquote(secret))
    return rooms


def mail_of(settings: Settings) -> Server | None:
    """Where mail is handed in; None: nowhere."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return None
    parts = urlsplit(url)
    return Server(
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        settings.mail_from,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        "tls" if parts.scheme == "smtps" else "none" if parts.scheme == "smtp+plain" else "starttls",
    )


def hears_callbacks(settings: Settings) -> bool:
    """Whether receipts, replies and keys of Aliyun and Tencent reach us."""
    return bool(settings.callback_token.get_secret_value())


def _wanted(settings: Settings) -> list[str]:
    names = []
    if settings.aliyun_access_key_id:
        names.append(AliyunSms.name)
        names += [AliyunVoice.name] if settings.aliyun_voice_number else []
    return [*names, TencentSms.name] if settings.tencent_secret_id else names


def _aliyun(settings: Settings) -> Iterator[Registered]:
    if not settings.aliyun_access_key_id:
        return
    account = aliyun.Account(
        settings.aliyun_access_key_id,
        settings.aliyun_access_key_secret.get_secret_value(),
        settings.aliyun_sms_url,
        settings.aliyun_voice_url,
    )
    books, hears = read(Path(settings.templates)), hears_callbacks(settings)
    yield Registered(AliyunSms(account, books[AliyunSms.name], hears=hears), CHINA_ONLY)
    if settings.aliyun_voice_number:
        voice = AliyunVoice(account, books[AliyunVoice.name], settings.aliyun_voice_number, hears=hears)
        yield Registered(voice, CHINA_ONLY)


def _tencent(settings: Settings) -> Iterator[Registered]:
    if not settings.tencent_secret_id:
        return
    account = tencent_sms.Account(
        settings.tencent_secret_id,
        settings.tencent_secret_key.get_secret_value(),
        settings.tencent_sms_app_id,
        settings.tencent_region,
        settings.tencent_sms_url,
    )
    book = read(Path(settings.templates))[TencentSms.name]
    yield Registered(TencentSms(account, book, hears=hears_callbacks(settings)), CHINA_ONLY)
