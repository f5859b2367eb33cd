"""What operators ask for at the console, and what becomes of it."""

from alerts.rules import ladder
from alerts.rules.casefile import CaseFile
from alerts.rules.occasions import Ack, Close, Comment, Event, Hasten, Shelve, Take, Unshelve
from alerts.service.casework import Casework, Moment
from gascore.operators import OperatorAction, OperatorAnswered, OperatorRequested, Outcome


def answer_operator(work: Casework, event: OperatorRequested, at_ms: int) -> None:
    """Do what an operator asks, and say what became of it."""
    file = work.books.cases.of_id(event.alarm)
    outcome, version = _do(work, event, file, at_ms)
    work.events.append(
        OperatorAnswered(request=event.request, alarm=event.alarm, outcome=outcome, version=version)
    )


def _do(
    work: Casework, event: OperatorRequested, file: CaseFile | None, at_ms: int
) -> tuple[Outcome, int | None]:
    wish = _wish(work, event)
    if isinstance(wish, Outcome):
        return wish, file.alarm.version if file else None
    if isinstance(wish, Hasten) and file is not None and not _can_be_hastened(file):
        return Outcome.NOBODY_LEFT, file.alarm.version
    done = work.happen(file, wish, Moment(at_ms))
    return done.outcome, done.state.alarm.version if done.state else None


def _wish(work: Casework, event: OperatorRequested) -> Event | Outcome:
    """What it means for the alarm; an outcome: it can't mean anything."""
    match event.action:
        case OperatorAction.ACK:
            return Ack(event.by, event.seen_version, event.note)
        case OperatorAction.ACK_FOR:
            return _by_telephone(work, event)
        case OperatorAction.CLOSE:
            return Close(event.by, event.cause, event.note, event.trigger)
        case _:
            return _work_on_it(work, event)


def _work_on_it(work: Casework, event: OperatorRequested) -> Event:
    match event.action:
        case OperatorAction.SHELVE:
            return Shelve(event.by, event.until_ms, event.note, work.shelve_ms)
        case OperatorAction.UNSHELVE:
            return Unshelve(event.by, event.note)
        case OperatorAction.OWN:
            return Take(event.by, event.take_over, event.note)
        case OperatorAction.ESCALATE:
            return Hasten(event.by, event.note)
        case _:
            return Comment(event.by, event.note)


def _by_telephone(work: Casework, event: OperatorRequested) -> Event | Outcome:
    if event.person is None and event.name:
        return Ack(event.name, event.seen_version, event.note, recorded_by=event.by)
    person = work.registry.person(event.person) if event.person else None
    if person is None:
        return Outcome.NO_SUCH_PERSON
    return Ack(person.name, event.seen_version, event.note, recorded_by=event.by, person=person.id)


def _can_be_hastened(file: CaseFile) -> bool:
    """Whether there is somebody to be told, and nothing keeps the alarm silent."""
    if file.alarm.closed_ms is not None:
        return True  # the alarm's own answer says more
    return bool(file.ladder.rungs) and (file.ladder.phase, ladder.Hasten) in ladder.TRANSITIONS
