"""Takes one due notice out of the outbox: by its number's budget, alone or with what else waits for the number."""

from dataclasses import replace

from alerts.ports import Notices
from alerts.rules.delivery import Parcel, Take
from alerts.rules.sending import Step, step
from alerts.rules.sending_words import Send
from alerts.service.bundling import Bundling
from alerts.service.rationing import Rationing
from gascore.alarm import NoticeState
from gascore.journal import Event, NoticeStepped


def keep(notices: Notices, before: Parcel, after: Parcel, events: list[Event]) -> Parcel:
    """Store a notice if it changed, and say so in the journal; that somebody asks is no news."""
    if after is not before:
        notices.put(after)
        if after.notice != before.notice:
            events.append(NoticeStepped(notice=after.notice, site=after.site))
    return after


class Taking:
    """For one transaction; `events` is what belongs into the journal. `by`: the run of alerts that takes."""

    def __init__(
        self, rationing: Rationing, bundling: Bundling, notices: Notices, now_ms: int, by: str | None = None
    ) -> None:
        self.events: list[Event] = []
        self._notices = notices
        self._now_ms = now_ms
        self._by = by
        self._rationing = rationing
        self._bundling = bundling

    def take(self, parcel: Parcel, *, is_free_text: bool) -> Step:
        """Let it go, wait, or go elsewhere. `is_free_text`: a text of our own making can be sent there."""
        event = self._rationing.event_for(parcel) if parcel.notice.state is NoticeState.PENDING else Take()
        going = parcel
        if is_free_text and isinstance(event, Take) and self._now_ms < parcel.expires_ms:
            event = self._bundling.company(parcel) or event
            if isinstance(event, Take):
                bundled = self._bundling.bundle(parcel)
                going = bundled.lead
                for before, after in bundled.others:
                    keep(self._notices, before, after, self.events)
        if isinstance(event, Take):
            event = replace(event, by=self._by)
        done = step(going, event, self._now_ms)
        keep(self._notices, parcel, done.state, self.events)
        if Send() in done.effects:
            self._rationing.took(done.state)
        return done
