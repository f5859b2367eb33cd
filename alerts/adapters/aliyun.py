"""What Aliyun's texts and calls have in common: the account, its library, and how a request ends.

The library is an extra, and is imported only when an account is set. It retries nothing here.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from alerts.adapters.failures import UNREADABLE, MissingExtraError, unanswered
from alerts.rules.china_codes import ALIYUN
from alerts.rules.delivery import NoAnswer, Sent, TryLater
from alerts.rules.letters import Health

CONNECT_MS: Final = 5_000
ANSWER_MS: Final = 10_000
"""Together less than the lease of a notice (`alerts.rules.delivery.LEASE_MS`)."""
EXTRA: Final = "aliyun"
_BEIJING: Final = timezone(timedelta(hours=8))
"""The provider's days."""
_MAINLAND: Final = "+86"


@dataclass(frozen=True, slots=True)
class Account:
    """How we are known at Aliyun. `sms_url`, `voice_url`: another address than Aliyun's; "": Aliyun's."""

    key_id: str
    secret: str
    sms_url: str = ""
    voice_url: str = ""


class Failed(Exception):  # noqa: N818 -- no error of ours: it carries an outcome
    """A request had no good answer; `sent` says what that means."""

    def __init__(self, sent: Sent) -> None:
        super().__init__(str(sent))
        self.sent = sent


def config_of(account: Account, url: str, host: str) -> Any:  # noqa: ANN401 -- the library has no types
    """What its clients are made with.

    Raises:
        MissingExtraError: the library is not installed.
    """
    try:
        from alibabacloud_tea_openapi.models import Config  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise MissingExtraError(EXTRA) from error
    parts = urlsplit(url or f"https://{host}")
    return Config(
        access_key_id=account.key_id,
        access_key_secret=account.secret,
        protocol=parts.scheme,
        endpoint=parts.netloc,
        region_id="cn-hangzhou",
    )


def once(answer_ms: int) -> Any:  # noqa: ANN401 -- same
    """Options of a request: no retry, and time-outs."""
    from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra

    return RuntimeOptions(autoretry=False, max_attempts=0, connect_timeout=CONNECT_MS, read_timeout=answer_ms)


def asked(request: Callable[[], Any]) -> Any:  # noqa: ANN401 -- same
    """The body of a good answer.

    Raises:
        Failed: there was none.
    """
    with _failing():
        body = request().body
    code = getattr(body, "code", None)
    if not code:
        raise Failed(NoAnswer(UNREADABLE))
    if code != "OK":
        raise Failed(ALIYUN.meaning(code))
    return body


def health(request: Callable[[], Any]) -> Health:
    """Whether a harmless request is answered; what it asks for need not exist."""
    try:
        asked(request)
    except Failed as failed:
        if isinstance(failed.sent, NoAnswer | TryLater):
            return Health(ok=False, code=failed.sent.code)
    return Health(ok=True)


def out_id(notice: int) -> str:
    """Our own number of a notice, as it is sent along and echoed; at most 15 characters (IvrCall)."""
    return f"gw{notice}"


def national(address: str) -> str:
    """A number as Aliyun wants it: of the mainland without its prefix, others with it and without "+"."""
    return address.removeprefix(_MAINLAND) if address.startswith(_MAINLAND) else address.removeprefix("+")


def days(since_ms: int, within_ms: int) -> list[str]:
    """The provider's days (yyyymmdd) of a request that left within so long after an instant."""
    return sorted({_day(ms) for ms in (since_ms, since_ms + within_ms)})


def moments(since_ms: int, within_ms: int) -> list[int]:
    """An instant (ms) on each of these days, the later day first."""
    return list({_day(ms): ms for ms in (since_ms + within_ms, since_ms)}.values())


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_BEIJING).strftime("%Y%m%d")


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    from Tea.exceptions import TeaException, UnretryableException  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra

    try:
        yield
    except UnretryableException as error:
        cause = getattr(error.inner_exception, "__context__", None)
        if isinstance(cause, requests.RequestException):
            raise Failed(unanswered(cause)) from error
        raise Failed(NoAnswer(UNREADABLE)) from error
    except TeaException as error:
        status = getattr(error, "statusCode", None) or 200
        raise Failed(ALIYUN.meaning(str(error.code or status), int(status))) from error
    except requests.RequestException as error:
        raise Failed(unanswered(error)) from error
    except (ValueError, TypeError, AttributeError, KeyError, RuntimeError) as error:
        raise Failed(NoAnswer(UNREADABLE)) from error
