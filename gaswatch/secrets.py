"""Passwords that nobody has to type: derived from one key of the installation.

A detector's MQTT password is HMAC-SHA256(key, "mqtt:" + user), so that the broker's password file, the
provisioning of a detector and the simulator agree without a table of secrets (docs/adr/0007).
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

COLLECTOR_USER = "gaswatch-collector"
"""The one broker user that may read every detector's branch."""
_KEY_BYTES = 32


class Secrets:
    """The installation's key, made on first use (`{data_dir}/installation.key`, mode 0600)."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "installation.key"

    def mqtt_password(self, user: str) -> str:
        """The broker password of `user`: 26 characters, 130 bits."""
        return self._derive("mqtt", user)[:26]

    def token(self, purpose: str) -> str:
        """A stable secret for one purpose: 52 characters."""
        return self._derive("token", purpose)[:52]

    def _derive(self, kind: str, name: str) -> str:
        digest = hmac.digest(self._key(), f"{kind}:{name}".encode(), hashlib.sha256)
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def _key(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            self._make()
            return self._path.read_bytes()

    def _make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._path)  # atomic, and whoever comes second uses the first one's key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
