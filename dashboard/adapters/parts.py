"""What the HTTP side is given when it is put together (`gaswatch.wiring.dashboard`)."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Depends, Request

from dashboard.adapters.throttle import Throttle
from dashboard.ports import (
    Alarms,
    Callbacks,
    Climbs,
    Contacts,
    Gauges,
    Hazards,
    Kpis,
    Quarantine,
    Rehearsals,
    Series,
    Town,
    Windows,
)
from dashboard.rules.tally import STALE_MS
from dashboard.rules.uptime import UptimeReport, UptimeSource
from dashboard.service.desk import Desk
from dashboard.service.follower import Follower
from dashboard.service.lane import Lanes
from dashboard.service.sessions import Sessions
from gascore.clock import Clock
from gascore.journal import Journal
from gascore.words import Language


class Renders(Protocol):
    """Makes pages. Implementation: `dashboard.adapters.web.render.Pages`."""

    def render(self, template: str, *, language: Language, **context: object) -> str:
        """A page as HTML; `dashboard.adapters.views` says what each template is given."""
        ...

    def asset(self, name: str) -> str:
        """The address of a built file, such as "live.js"."""
        ...


class Options(msgspec.Struct, frozen=True):
    """Settings of the HTTP side.

    Attributes:
        public: address under which people and providers reach us, without a final slash.
        language: of pages before somebody has signed in.
        twilio_token: signs Twilio's webhooks; empty: there are none, each is refused.
        callback_token: the secret in the path of the callbacks that are not signed; empty: there are none.
        callback_sources: networks that those come from; empty: from anywhere.
        callback_repeats_ms: so long a provider may repeat a call; the same one later is refused.
        static: folder that is offered under /static; None: nothing is.
        version: of gaswatch, in the OpenAPI document.
        operators: so many share the alarms: what the standards ask is asked per operator.
        stale_ms: after so long an active alarm is stale.
    """

    public: str
    zone: ZoneInfo
    language: Language
    twilio_token: str
    static: Path | None
    version: str
    operators: int = 1
    stale_ms: int = STALE_MS
    callback_token: str = ""
    callback_sources: tuple[str, ...] = ()
    callback_repeats_ms: int = 3_600_000

    @property
    def is_https(self) -> bool:
        """Cookies may be marked "Secure" only then: browsers drop such cookies on plain HTTP."""
        return self.public.startswith("https://")


class Parts(msgspec.Struct, frozen=True):
    """Everything that a request may need. `new_id` gives a new random text each time."""

    clock: Clock
    lanes: Lanes
    follower: Follower
    desk: Desk
    sessions: Sessions
    throttle: Throttle
    journal: Journal
    alarms: Alarms
    climbs: Climbs
    windows: Windows
    town: Town
    series: Series
    gauges: Gauges
    quarantine: Quarantine
    uptime: UptimeSource
    uptime_file: Callable[[UptimeReport, Language], bytes]
    kpis: Kpis
    rehearsals: Rehearsals
    hazards: Hazards
    contacts: Contacts
    callbacks: Callbacks
    pages: Renders
    options: Options
    new_id: Callable[[], str]


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # noqa: S101 -- narrows what Starlette keeps untyped
    return parts


UsesParts = Annotated[Parts, Depends(parts_of)]
