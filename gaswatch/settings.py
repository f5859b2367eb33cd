"""Settings: environment over `gaswatch.toml` over defaults (design 4.3). Nonsense stops the start.

Each key is read as `GASWATCH_{NAME}`; the keys of InfluxDB and Twilio keep the names that their own
libraries read.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gascore.canary import PREFIX as CANARY
from gascore.thresholds import FIGURES, PAIRS, Thresholds
from gascore.wire import is_detector_id
from gascore.words import Language
from gaswatch.channel_settings import ChannelSettings

Lel: TypeAlias = Annotated[float, Field(gt=0, le=100)]
Ppm: TypeAlias = Annotated[float, Field(gt=0, le=10_000)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=0.5)]
Wait: TypeAlias = Annotated[float, Field(ge=0, le=86_400)]
Window: TypeAlias = Annotated[float, Field(ge=1, le=86_400)]
Factor: TypeAlias = Annotated[float, Field(ge=0, le=10)]
FILE = "gaswatch.toml"
"""Read from the working directory, where there is one."""
_SHOWN_MOST = 100
_MAY_HOLD_SECRETS = ("url", "token")
"""In the names of keys whose values are not shown: a log is read by more people than the settings are."""


class SettingsError(Exception):
    """A setting can't be used; the message names the key and says what to do."""


class Settings(ChannelSettings):
    """All settings of all services. Durations are seconds."""

    model_config = SettingsConfigDict(
        env_prefix="GASWATCH_",
        toml_file=FILE,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    data_dir: Path = Path("var")
    mqtt_url: Annotated[tuple[str, ...], NoDecode] = ()
    """One link per URL, separated by commas; empty: `up` starts a broker of its own."""
    mqtt_version: Literal["auto", "5", "3.1.1"] = "auto"
    mqtt_port: int = Field(default=1883, ge=0, le=65_535)
    """Port of our own broker; 0: a free one."""
    broker: Literal["auto", "mosquitto", "nats"] = "auto"
    """Which program `gaswatch run broker` starts; auto: mosquitto where it is installed, else NATS."""
    database_url: str = ""
    """Empty: `sqlite:///{data_dir}/gaswatch.db`."""
    series: Literal["embedded", "influx"] = "embedded"
    influx_url: str = Field(default="", validation_alias=AliasChoices("INFLUXDB_V2_URL", "influx_url"))
    influx_token: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("INFLUXDB_V2_TOKEN", "influx_token")
    )
    influx_org: str = Field(default="", validation_alias=AliasChoices("INFLUXDB_V2_ORG", "influx_org"))
    influx_bucket: str = "gaswatch"
    spool_max_mb: int = Field(default=2048, ge=1)
    """Disk for readings that wait for InfluxDB; about 18 bytes each, so 8 days of 10,000 detectors at one a minute."""
    twilio_account_sid: str = Field(
        default="", validation_alias=AliasChoices("TWILIO_ACCOUNT_SID", "twilio_account_sid")
    )
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("TWILIO_AUTH_TOKEN", "twilio_auth_token")
    )
    twilio_from: str = ""
    """A number (E.164) or a messaging service SID (MG…)."""
    twilio_voice_from: str = ""
    """A number (E.164) that can call; empty: nobody is called."""
    twilio_url: str = ""
    """Another base URL than Twilio's, such as the simulator's carrier."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=1, le=65_535)
    public_url: str = ""
    """Empty: `http://{http_host}:{http_port}`. Twilio's signatures are checked against it."""
    phones_port: int = Field(default=8081, ge=1, le=65_535)
    sim_seed: int = 1
    """Makes the simulated town; the same seed makes the same town."""
    sim_story: str = "demo"
    """What happens in the simulated town, from each start of the simulator on; "none": nothing."""
    sim_every_s: float = Field(default=10.0, ge=1, le=86_400)
    """Seconds between the reports of a simulated detector."""
    timezone: str = "Asia/Shanghai"
    emergency_number: str = "119"
    """Whom a leak's text says to call from outside, two to five digits; 119: the fire brigade of mainland China."""
    language: Language = Language.ZH
    log_format: Literal["text", "json"] = "text"

    offline_factor: float = Field(default=2.5, ge=1.5)
    """A detector is offline after this many of its own report intervals without a message …"""
    offline_min_s: float = Field(default=90.0, ge=25)
    """… but never before this; the domain's sources differ (2 to 5 min), so it is a setting. A network that swallows
    everything is noticed after 20 s (two keep-alives): with less than that, every detector would look silent first."""
    never_reported_s: float = Field(default=300.0, ge=1)
    """From commissioning to "never reported"."""
    low_lel: Lel = 25.0
    """Set points, %LEL, besides the detector's own alarm state. These and the thresholds below hold where no
    profile of the ledger and no set point of the detector says otherwise (`gascore.thresholds.Thresholds`)."""
    high_lel: Lel = 50.0
    co_low: Ppm = 50.0
    """ppm."""
    co_high: Ppm = 300.0
    hysteresis: Share = 0.1
    """Share of a set point that a number must fall below it before the level is over."""
    clear_delay_s: Wait = 30.0
    """So long a detector must show no gas before its leak is over."""
    offline_delay_s: Wait = 0.0
    """So much longer must a silence, or the time since a last will, be before it is "offline"."""
    trend_lel: Lel = 5.0
    """At or over this %LEL for `trend_s` is a trend: for the operators alone …"""
    trend_s: Window = 600.0
    rise_lel: Lel = 2.0
    """… and so is a rise by this many %LEL a minute for `rise_s`."""
    rise_s: Window = 180.0
    methane_on_lpg: Factor = 1.62
    """True %LEL / shown %LEL of a catalytic detector for methane in LPG, and the most that it may be."""
    methane_on_lpg_max: Factor = 1.75
    lpg_on_methane: Factor = 0.60
    """The same of a detector for LPG in methane."""
    lpg_on_methane_max: Factor = 0.62
    clock_tolerance_s: float = Field(default=300.0, ge=1)
    """A detector's clock that is further off is not trusted; the instant of receipt counts."""
    late_s: float = Field(default=300.0, ge=1)
    """A leak measured longer ago than this is notified marked "late"."""
    gap_window_s: float = Field(default=300.0, ge=10, le=86_400)
    """When over this long …"""
    gap_share: float = Field(default=0.01, gt=0, lt=1)
    """… more than this share of the messages is missing by their numbers …"""
    gap_detectors: int = Field(default=3, ge=1)
    """… of at least so many detectors, operators hear of it (docs/broker.md)."""
    receipt_s: float = Field(default=60.0, ge=5, le=3_600)
    """No receipt of a text for so long: the provider is asked, and the person told otherwise (docs/adr/0022)."""
    bundle_s: float = Field(default=120.0, ge=0, le=3_600)
    """So long after a text what is no leak waits to go together; 0: each goes alone."""
    texts_per_minute: int = Field(default=10, ge=1)
    """To one number; the last fifth is kept for leaks, which are sent in any case …"""
    texts_per_hour: int = Field(default=30, ge=1)
    texts_per_day: int = Field(default=50, ge=1)
    calls_per_minute: int = Field(default=1, ge=1)
    """… the same for calls."""
    calls_per_hour: int = Field(default=5, ge=1)
    calls_per_day: int = Field(default=20, ge=1)
    offline_hold_s: float = Field(default=45.0, ge=0, le=3_600)
    """The first text of a silence waits so long: it may be over, or one of many by then. Leaks never wait."""
    outage_share: float = Field(default=0.3, gt=0, lt=1)
    """More than this share of an area, a gateway or a supplier offline at once is one group alarm …"""
    outage_min: int = Field(default=5, ge=2)
    """… of at least so many detectors …"""
    outage_window_s: float = Field(default=120.0, ge=1, le=86_400)
    """… that went within so long of each other …"""
    outage_calm_s: float = Field(default=300.0, ge=1, le=86_400)
    """… until fewer than half of that have been offline for so long."""
    unstable_times: int = Field(default=3, ge=2)
    """A detector that goes offline so often …"""
    unstable_window_s: float = Field(default=1800.0, ge=1, le=86_400)
    """… within so long has an unstable connection: one text for all of it …"""
    unstable_calm_s: float = Field(default=1800.0, ge=1, le=86_400)
    """… until nothing has changed for so long."""
    shelve_max_s: float = Field(default=28_800.0, ge=60, le=2_592_000)
    """For so long an operator may shelve an alarm at most; 8 h: no shelf outlives the shift that made it."""
    operators: int = Field(default=1, ge=1, le=1_000)
    """So many share the alarms at a time: what is asked of alarms, and when they are a flood, is per operator."""
    hazard_after_s: float = Field(default=86_400.0, ge=60, le=31_536_000)
    """A fault, a silence or a wrong gas that nobody puts right for so long becomes a hazard."""
    hazard_broken_days: float = Field(default=7.0, gt=0, le=365)
    """So long a hazard that is something broken may stay; the field's examples go from 1 to 30 days …"""
    hazard_unfit_days: float = Field(default=30.0, gt=0, le=365)
    """… and so long one that never reported, or hangs in another gas than its own."""
    audit_every_s: float = Field(default=5.0, ge=1, le=3_600)
    """The auditor looks at the desk's work so often; what two looks in a row find is wrong …"""
    audit_leak_s: float = Field(default=15.0, ge=1, le=3_600)
    """… when a deadline about a leak or a person is overdue by so much …"""
    audit_other_s: float = Field(default=300.0, ge=1, le=86_400)
    """… or any other one by so much."""
    heartbeat_url: SecretStr = SecretStr("")
    """Fetched while all is well; whoever listens there raises the alarm when it stops. Empty: nobody does."""
    heartbeat_s: float = Field(default=60.0, ge=5, le=86_400)
    canary: Annotated[tuple[tuple[str, str], ...], NoDecode] = ()
    """Area -> test phone (E.164), as "grid-1=+8613800000000,…": a test leak goes there, the whole way (docs/adr/0025) …"""
    canary_at: str = Field(default="10:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """… at this time of the town …"""
    canary_every_s: float = Field(default=86_400.0, ge=10)
    """… and every so often from then on …"""
    canary_within_s: float = Field(default=120.0, ge=5, le=3_600)
    """… and when its text is not on the phone within so long, operators hear of it."""
    contact_test_days: int = Field(default=30, ge=0, le=366)
    """Whom no text has reached for so many days gets a test text, in office hours; 0: never."""
    business_margin_s: float = Field(default=1800.0, ge=0, le=43_200)
    """Business hours in reports begin this long before opening and end this long after closing."""

    @field_validator("mqtt_url", mode="before")
    @classmethod
    def _split_urls(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("mqtt_url")
    @classmethod
    def _known_schemes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not _is_address(url, {"mqtt", "mqtts"}):
                raise ValueError(
                    "must be mqtt://user:pass@host:port or mqtts://…, several separated by commas"
                )
        return value

    @field_validator("public_url", "twilio_url", "influx_url")
    @classmethod
    def _known_pages(cls, value: str) -> str:
        if value and (not _is_address(value, {"http", "https"}) or "?" in value or "#" in value):
            raise ValueError("must be an address such as https://gas.example.org")
        return value

    @field_validator("canary", mode="before")
    @classmethod
    def _split_canaries(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        return tuple((area.strip(), phone.strip()) for area, _, phone in pairs)

    @field_validator("canary")
    @classmethod
    def _known_canaries(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for area, phone in value:
            if not is_detector_id(f"{CANARY}{area}") or not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
                raise ValueError(
                    "must be area=+8613800000000, several separated by commas; an area is its id"
                )
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _known_listener(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _is_address(value.get_secret_value(), {"http", "https"}):
            raise ValueError(
                "must be an address such as https://hc-ping.com/… that expects a call every minute"
            )
        return value

    @field_validator("emergency_number")
    @classmethod
    def _short_number(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9]{2,5}", value):
            raise ValueError(f"{value[:_SHOWN_MOST]!r} must be two to five digits, such as 119, 112 or 10010")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as Asia/Shanghai") from error
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for low, high in PAIRS:
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} must not be over {high}")
        return self

    @property
    def thresholds(self) -> Thresholds:
        """What holds of a detector's numbers where the ledger says nothing."""
        return Thresholds(**{name: getattr(self, name) for name in FIGURES})

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the relational store."""
        return self.database_url or f"sqlite:///{self.data_dir / 'gaswatch.db'}"

    @property
    def public(self) -> str:
        """The address under which people and providers reach the dashboard, without a final slash."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then `gaswatch.toml` of the working directory."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a key has nonsense; the message names it and its environment variable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic itself
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE}: is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if not key:  # of several keys together: its input is all of them, secrets too
            raise SettingsError(first["msg"].removeprefix("Value error, ")) from None
        name = key if key.isupper() else f"GASWATCH_{key.upper()}"
        is_secret = any(word in key.lower() for word in _MAY_HOLD_SECRETS)
        got = "" if is_secret else f" (got {first['input']!r:.{_SHOWN_MOST}})"
        # Its cause would show the value, too.
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}{got}") from None


def _is_address(url: str, schemes: set[str]) -> bool:
    """Whether it is a URL of one of these schemes with a host, and with a port that can be one if any."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
