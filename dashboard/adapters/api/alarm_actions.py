"""What operators do with alarms: asked through the journal, done and answered by alerts."""

from typing import Annotated, Final, Literal, Self

import msgspec
from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, Field, model_validator

from dashboard.adapters.api.answers import ALARM_MOST, AlarmNumber, json, shows
from dashboard.adapters.auth import Acting
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from gascore.alarm import AlarmCause, FalseTrigger
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.words import AlarmId, PersonId

router = APIRouter(prefix="/api/v1", tags=["alarms"])
MS_MOST: Final = 253_370_764_800_000
"""The year 9999 begins, UTC."""
Note = Annotated[str, Field(max_length=1000)]
Words = Annotated[str, Field(min_length=1, max_length=1000)]


class Answer(msgspec.Struct, frozen=True):
    """What became of an operator's request; "asked": noted, alerts will answer later."""

    outcome: Literal["done", "asked"]
    version: int | None


class Ack(BaseModel):
    """I take responsibility. `seen_version`: what I saw; worse since then means look again."""

    seen_version: int | None = Field(default=None, ge=0, le=ALARM_MOST)
    note: Note = ""


class AckFor(Ack):
    """Somebody took responsibility by telephone; I write it down: a `person` of the ledger, or a `name`."""

    person: str | None = Field(default=None, min_length=1, max_length=64)
    name: Annotated[str, Field(max_length=100), AfterValidator(str.strip)] = ""

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        """Exactly one says who it was."""
        if (self.person is None) == (not self.name):
            raise ValueError("say who it was: either person or name")
        return self


class Close(BaseModel):
    """It is over, and this was the cause; of a false alarm also what it was about."""

    cause: (
        Literal[
            AlarmCause.REAL_LEAK,
            AlarmCause.FALSE_ALARM,
            AlarmCause.TEST,
            AlarmCause.MAINTENANCE,
            AlarmCause.OTHER,
        ]
        | None
    ) = None
    trigger: FalseTrigger | None = None
    note: Note = ""


class Comment(BaseModel):
    """A remark on the timeline."""

    note: Words


class Shelve(BaseModel):
    """Nobody is to be told of it until `until_ms`, because of `reason`. Leaks can't be shelved."""

    until_ms: int = Field(ge=0, le=MS_MOST)
    reason: Words


class Own(BaseModel):
    """I work on it. `take_over`: somebody else did, and I have asked."""

    take_over: bool = False
    note: Note = ""


class Remark(BaseModel):
    """Why, if there is something to say."""

    note: Note = ""


@router.post("/alarms/{alarm}/ack", responses=shows(Answer, 202))
async def ack(alarm: AlarmNumber, body: Ack, parts: UsesParts, user: Acting) -> Response:
    """Acknowledge: the ladder stops, others see who took over."""
    wish = _wish(alarm, OperatorAction.ACK, user.name, body.note)
    return await _ask(parts, msgspec.structs.replace(wish, seen_version=body.seen_version))


@router.post("/alarms/{alarm}/ack-for", responses=shows(Answer, 202))
async def ack_for(alarm: AlarmNumber, body: AckFor, parts: UsesParts, user: Acting) -> Response:
    """Record that somebody acknowledged by telephone."""
    wish = _wish(alarm, OperatorAction.ACK_FOR, user.name, body.note)
    person = None if body.person is None else PersonId(body.person)
    wish = msgspec.structs.replace(wish, seen_version=body.seen_version, person=person, name=body.name)
    return await _ask(parts, wish)


@router.post("/alarms/{alarm}/close", responses=shows(Answer, 202))
async def close(alarm: AlarmNumber, body: Close, parts: UsesParts, user: Acting) -> Response:
    """Close with a cause; a leak must be over and acknowledged."""
    wish = _wish(alarm, OperatorAction.CLOSE, user.name, body.note)
    return await _ask(parts, msgspec.structs.replace(wish, cause=body.cause, trigger=body.trigger))


@router.post("/alarms/{alarm}/comment", responses=shows(Answer, 202))
async def comment(alarm: AlarmNumber, body: Comment, parts: UsesParts, user: Acting) -> Response:
    """Write a remark on the timeline."""
    return await _ask(parts, _wish(alarm, OperatorAction.COMMENT, user.name, body.note))


@router.post("/alarms/{alarm}/shelve", responses=shows(Answer, 202))
async def shelve(alarm: AlarmNumber, body: Shelve, parts: UsesParts, user: Acting) -> Response:
    """Put aside until an instant: shown and counted, but silent. What gets worse comes back at once."""
    wish = _wish(alarm, OperatorAction.SHELVE, user.name, body.reason)
    return await _ask(parts, msgspec.structs.replace(wish, until_ms=body.until_ms))


@router.post("/alarms/{alarm}/unshelve", responses=shows(Answer, 202))
async def unshelve(alarm: AlarmNumber, body: Remark, parts: UsesParts, user: Acting) -> Response:
    """Take back from the shelf: what still holds is told from the first step."""
    return await _ask(parts, _wish(alarm, OperatorAction.UNSHELVE, user.name, body.note))


@router.post("/alarms/{alarm}/own", responses=shows(Answer, 202))
async def own(alarm: AlarmNumber, body: Own, parts: UsesParts, user: Acting) -> Response:
    """Work on it; from somebody else only with `take_over`."""
    wish = _wish(alarm, OperatorAction.OWN, user.name, body.note)
    return await _ask(parts, msgspec.structs.replace(wish, take_over=body.take_over))


@router.post("/alarms/{alarm}/escalate", responses=shows(Answer, 202))
async def escalate(alarm: AlarmNumber, body: Remark, parts: UsesParts, user: Acting) -> Response:
    """Tell the next people up the ladder at once; after the last step, everybody again."""
    return await _ask(parts, _wish(alarm, OperatorAction.ESCALATE, user.name, body.note))


_WHY: Final = {
    Outcome.CHANGED_MEANWHILE: "It got worse since you looked: look again.",
    Outcome.ALREADY: "Somebody has done so already.",
    Outcome.STILL_ACTIVE: "The gas is not gone yet: close it when the detector is back to normal.",
    Outcome.NOT_ACKED: "Acknowledge it before closing it.",
    Outcome.CAUSE_MISSING: "Say the cause.",
    Outcome.TRIGGER_MISSING: "trigger: say what the false alarm was about.",
    Outcome.NOTE_MISSING: 'Say in a few words what it was: "other" alone says nothing, and a shelf needs a reason.',
    Outcome.NEVER_SHELVED: "A gas alarm is never shelved: for a test with gas, make a window with gas_test at "
    "/api/v1/windows.",
    Outcome.BAD_END: "until_ms: choose an instant from now to the longest time that is allowed "
    "(GASWATCH_SHELVE_MAX_S).",
    Outcome.NOT_SHELVED: "It is not shelved: there is nothing to take back.",
    Outcome.OWNED: "Somebody else works on it: ask, then send take_over: true.",
    Outcome.NOBODY_LEFT: "Nobody is to be told of it now: telephone, or take it from the shelf first.",
    Outcome.NO_SUCH_PERSON: "person: there is nobody with this id in the ledger; choose another one.",
}


def _wish(alarm: int, action: OperatorAction, by: str, note: str) -> OperatorRequested:
    return OperatorRequested(request="", alarm=AlarmId(alarm), action=action, by=by, note=note)


async def _ask(parts: Parts, wish: OperatorRequested) -> Response:
    answer = await parts.desk.ask(msgspec.structs.replace(wish, request=parts.new_id()))
    if answer is None:
        return json(Answer("asked", None), 202)
    if answer.outcome is Outcome.DONE:
        return json(Answer("done", answer.version))
    if answer.outcome is Outcome.NOT_FOUND:
        raise ProblemError(404, f"There is no alarm {wish.alarm}.", outcome=answer.outcome)
    version = {} if answer.version is None else {"version": answer.version}
    raise ProblemError(409, _WHY[answer.outcome], outcome=answer.outcome, **version)
