"""How an event lies in a row: the columns that are searched for repeat what the body says."""

from gascore.hazard import HazardClosed, HazardOpened
from gascore.journal import AlarmStepped, Event, LedgerChanged, NoticeStepped, kind_of


def columns_of(event: Event) -> dict[str, str | int | None]:
    """What of an event is searched for; all of it is in the body, too, and verified against it."""
    detector = getattr(event, "detector", None)
    site = getattr(event, "site", None)
    alarm = getattr(event, "alarm", None)
    match event:
        case AlarmStepped():
            detector, site, alarm = event.alarm.detector, event.alarm.site, event.alarm.id
        case HazardOpened(hazard=one) | HazardClosed(hazard=one):
            detector, site, alarm = one.detector, one.site, one.alarm
        case NoticeStepped():
            alarm = event.notice.alarm
        case LedgerChanged(entity="detector"):
            detector = event.key
        case LedgerChanged(entity="site"):
            site = event.key
        case _:
            pass
    return {"kind": kind_of(event), "detector": detector, "site": site, "alarm": alarm}
