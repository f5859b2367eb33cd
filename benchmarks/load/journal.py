"""What the journal tells of a run."""

from sqlalchemy import Engine

from gascore.alarm import NoticePurpose, NoticeState
from gascore.journal import NoticeStepped
from gaswatch.stores.journal import SqlJournal

_PORTION = 5_000


def handed_over_ms(engine: Engine) -> list[float]:
    """For each alarm: from the receipt of its message to the provider having taken its first text, ms."""
    journal, cursor = SqlJournal(engine), 0
    took: dict[int | None, float] = {}
    while entries := journal.after(cursor, _PORTION):
        cursor = entries[-1].id
        for entry in entries:
            event = entry.event
            if not isinstance(event, NoticeStepped):
                continue
            notice = event.notice
            is_first = notice.purpose is NoticePurpose.RAISED and notice.step == 0
            if (
                is_first
                and notice.state is NoticeState.HANDED_OVER
                and notice.handed_ms
                and notice.received_ms
            ):
                took.setdefault(notice.alarm, float(notice.handed_ms - notice.received_ms))
    return list(took.values())
