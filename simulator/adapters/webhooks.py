"""Posts forms with requests, in threads of its own (implements `simulator.ports.Webhooks`)."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests
import structlog

TIMEOUT_S: Final = 15.0
"""Twilio gives a webhook 15 s to answer (reference: console 5.2)."""
THREADS: Final = 8
_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_log = structlog.get_logger()


class HttpWebhooks:
    """A pool that posts; a customer that is down or slow holds up only its own posts."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks")

    async def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Post a form; whether it was answered with 2xx or with 4xx, after which a retry is no use."""
        status, _ = await self._post(url, fields, headers)
        return 0 < status < _SERVER_ERROR

    async def fetch(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
        """Post a form and return the answer's text; None: there was none, or it was an error."""
        status, text = await self._post(url, fields, headers)
        return text if 0 < status < _CLIENT_ERROR else None

    async def _post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _post, url, dict(fields), dict(headers))

    def close(self) -> None:
        """Start no more posts."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _post(url: str, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
    """Status and text; status 0: no answer."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment does not lead to this machine
            answer = session.post(url, data=fields, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        _log.info("webhook not reached", url=url, error=type(error).__name__)
        return 0, ""
    if not answer.ok:
        _log.warning("webhook refused", url=url, status=answer.status_code)
    return answer.status_code, answer.text
