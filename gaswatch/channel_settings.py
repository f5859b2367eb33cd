"""Settings of the channels besides Twilio: Aliyun, Tencent, webhooks, rooms, e-mail, and what comes back from them."""

from ipaddress import ip_network
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

TOKEN_LEAST: Final = 16
"""Characters of a secret in a path: what is shorter can be guessed."""
_MAIL: Final = frozenset({"smtp", "smtps", "smtp+plain"})


class ChannelSettings(BaseSettings):
    """All strings; a channel whose settings are empty does not exist."""

    templates: str = ""
    """The file with the approved templates of Aliyun and Tencent; `gaswatch templates` writes one."""
    aliyun_access_key_id: str = ""
    aliyun_access_key_secret: SecretStr = SecretStr("")
    aliyun_voice_number: str = ""
    """The number that calls, bought from Aliyun; empty: no calls."""
    aliyun_sms_url: str = ""
    """Another address than Aliyun's, such as a relay; the same below."""
    aliyun_voice_url: str = ""
    tencent_secret_id: str = ""
    tencent_secret_key: SecretStr = SecretStr("")
    tencent_sms_app_id: str = ""
    """SmsSdkAppId."""
    tencent_region: str = "ap-guangzhou"
    tencent_sms_url: str = ""
    callback_token: SecretStr = SecretStr("")
    """The secret in the address to which Aliyun and Tencent send receipts and replies; empty: none is taken."""
    callback_sources: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks that these come from (CIDR), separated by commas; empty: from anywhere."""
    callback_repeats_s: float = Field(default=3_600.0, ge=60, le=86_400)
    """So long any provider, Twilio included, may repeat a call that it got no answer to; the same one later is refused."""
    webhook_urls: Annotated[tuple[tuple[str, str], ...], NoDecode] = ()
    """Other computers to tell: name=https://…, several separated by commas."""
    webhook_secret: SecretStr = SecretStr("")
    """Signs what they are told."""
    im_urls: Annotated[tuple[tuple[str, str], ...], NoDecode] = ()
    """Robots of DingTalk, WeCom or Feishu rooms: name=https://…, a signing secret behind #."""
    smtp_url: SecretStr = SecretStr("")
    """smtp://user:password@host:587 (STARTTLS), smtps://…:465, or smtp+plain://localhost:25."""
    mail_from: str = ""
    """The address that mails come from."""

    @field_validator("webhook_urls", "im_urls", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        """Read "name=url,name=url"."""
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        return tuple((name.strip(), url.strip()) for name, _, url in pairs)

    @field_validator("webhook_urls", "im_urls")
    @classmethod
    def _addresses(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for name, url in value:
            if not name or urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
                raise ValueError("must be name=https://…, several separated by commas")
        return value

    @field_validator("aliyun_sms_url", "aliyun_voice_url", "tencent_sms_url")
    @classmethod
    def _origins(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/")):
            raise ValueError("must be an address without a path, such as https://sms.example.org")
        return value

    @field_validator("callback_token")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and (len(text) < TOKEN_LEAST or not text.replace("-", "").replace("_", "").isalnum()):
            raise ValueError(
                f"must have at least {TOKEN_LEAST} letters and digits: it is all that protects callbacks"
            )
        return value

    @field_validator("callback_sources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip()) if isinstance(parts, list) else parts

    @field_validator("callback_sources")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError as error:
                raise ValueError("must be networks such as 203.0.113.0/24, separated by commas") from error
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (parts.scheme not in _MAIL or not parts.hostname):
            raise ValueError(
                "must be smtp://user:password@host:587, smtps://…:465 or smtp+plain://localhost:25"
            )
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs: tuple[tuple[str, bool, str, bool], ...] = (
            ("webhook_urls", bool(self.webhook_urls), "webhook_secret", bool(self.webhook_secret)),
            ("smtp_url", bool(self.smtp_url), "mail_from", "@" in self.mail_from),
            ("aliyun_access_key_id", bool(self.aliyun_access_key_id), "templates", bool(self.templates)),
            ("tencent_secret_id", bool(self.tencent_secret_id), "templates", bool(self.templates)),
            (
                "tencent_secret_id",
                bool(self.tencent_secret_id),
                "tencent_sms_app_id",
                bool(self.tencent_sms_app_id),
            ),
        )
        for one, is_set, other, is_there in needs:
            if is_set and not is_there:
                raise ValueError(f"GASWATCH_{one.upper()} needs GASWATCH_{other.upper()}, too")
        return self
