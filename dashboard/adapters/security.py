"""Headers of every answer and the size of every request, as plain ASGI (a stream passes untouched)."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LARGEST: Final = 262_144
"""Bytes. Nothing that we take is larger: forms, short JSON, Twilio's webhooks."""
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""No inline script and no inline style: markup that somebody smuggled in does nothing."""
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_BUILT: Final = "/static/dist/"
"""Files whose names change with their content."""


class Guard:
    """Wraps an app: refuses oversized bodies, adds the headers that it hasn't set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                found = message["status"] == 200  # noqa: PLR2004 -- HTTP's own number
                headers.setdefault(
                    "Cache-Control", _FOREVER if found and path.startswith(_BUILT) else "no-store"
                )
            await send(message)

        refusal = _refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send_with_headers)
        else:
            status, text = refusal
            start = {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")],
            }
            await send_with_headers(start)
            await send({"type": "http.response.body", "body": text})


def _refusal(headers: Headers) -> tuple[int, bytes] | None:
    if "transfer-encoding" in headers:
        return 411, b"Say Content-Length.\n"
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY_LARGEST:
        return 413, b"At most 262144 bytes.\n"
    return None
