"""The way of one notice, by its table and by its sentences."""

import itertools
from typing import Final

import msgspec
import pytest

from alerts.rules.delivery import (
    FINAL,
    LEASE_MS,
    RANK,
    TRANSITIONS,
    Because,
    Event,
    Handed,
    NoAnswer,
    Parcel,
    Receipt,
    Refused,
    Send,
    Step,
    Take,
    TryLater,
    Withdraw,
    lifetime_ms,
    retry_ms,
    step,
)
from alerts.rules.receipts import TWILIO, receipt_of
from gascore.alarm import Notice, NoticePurpose, NoticeState
from gascore.words import AlarmId, NoticeId, PersonId, Priority

T: Final = 1_790_000_000_000


def parcel(urgency: Priority = Priority.URGENT, state: NoticeState = NoticeState.PENDING) -> Parcel:
    notice = Notice(
        id=NoticeId(1),
        alarm=AlarmId(1),
        person=PersonId("ann"),
        role="owner",
        step=0,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=state,
        created_ms=T,
    )
    return Parcel(
        notice=notice,
        once_key="k",
        address="+8613800000001",
        urgency=urgency,
        text="gas",
        due_ms=T,
        expires_ms=T + 900_000,
        lease_ms=T + LEASE_MS if state is NoticeState.SENDING else None,
        attempts=1 if state is NoticeState.SENDING else 0,
    )


def run(state: Parcel, *events: tuple[int, Event]) -> Step:
    """Each event so many ms after T; the last step."""
    done = Step(state, (), Because.NOT_DUE)
    for after_ms, event in events:
        done = step(done.state, event, T + after_ms)
    return done


EVENTS: Final = (
    Take(),
    Handed("SM1"),
    Refused("21211"),
    TryLater("503"),
    NoAnswer("timeout"),
    Receipt(NoticeState.DELIVERED),
    Withdraw(),
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(NoticeState, EVENTS)), ids=str)
def test_a_pair_without_a_row_changes_nothing(state: NoticeState, event: Event) -> None:
    before = parcel(state=state)
    done = step(before, event, T)
    if (state, type(event)) not in TRANSITIONS:
        assert done.state is before
        assert done.reason is Because.TOO_LATE
    assert done.state.notice.final_ms is None or done.state.notice.state in FINAL


def test_it_is_marked_as_sending_before_the_request_leaves() -> None:
    done = run(parcel(), (0, Take()))
    assert done.state.notice.state is NoticeState.SENDING
    assert done.effects == (Send(),)
    assert done.wake_at == T + LEASE_MS


def test_handed_over_and_delivered() -> None:
    done = run(parcel(), (0, Take()), (300, Handed("SM1")), (2000, Receipt(NoticeState.DELIVERED)))
    notice = done.state.notice
    assert (notice.state, notice.provider_id, notice.handed_ms, notice.final_ms) == (
        NoticeState.DELIVERED,
        "SM1",
        T + 300,
        T + 2000,
    )


def test_a_sender_taken_for_dead_that_handed_it_over_saves_the_second_sending() -> None:
    done = run(parcel(), (0, Take()), (LEASE_MS, Take()), (LEASE_MS + 10, Handed("SM1")))
    assert done.state.notice.state is NoticeState.HANDED_OVER
    assert done.state.notice.provider_id == "SM1"


def test_receipts_out_of_order_only_move_it_forward() -> None:
    handed = run(parcel(), (0, Take()), (300, Handed("SM1"))).state
    for words in itertools.permutations(("queued", "sent", "delivered", "undelivered")):
        receipts = [receipt_of(word, None) for word in words]
        end = run(handed, *((400 + n, receipt) for n, receipt in enumerate(receipts) if receipt))
        assert end.state.notice.state is NoticeState.DELIVERED


def test_a_busy_provider_is_asked_again_with_growing_pauses() -> None:
    done = run(parcel(), (0, Take()), (100, TryLater("429")))
    assert done.state.notice.state is NoticeState.PENDING
    assert done.wake_at == T + 1100
    assert run(done.state, (500, Take())).reason is Because.NOT_DUE
    assert run(done.state, (1100, Take()), (1200, TryLater("429"))).wake_at == T + 3200
    assert [retry_ms(n) for n in (1, 2, 3, 4, 5, 6, 100)] == [1000, 2000, 4000, 8000, 16000, 30000, 30000]


def test_a_provider_that_names_a_pause_gets_it_within_reason() -> None:
    assert run(parcel(), (0, Take()), (0, TryLater("429", 5000))).wake_at == T + 5000
    assert run(parcel(), (0, Take()), (0, TryLater("429", 5_000_000))).wake_at == T + 30_000


def test_a_refused_number_is_not_asked_again() -> None:
    done = run(parcel(), (0, Take()), (100, Refused("21211")), (60_000, Take()))
    assert (done.state.notice.state, done.state.notice.code) == (NoticeState.REFUSED, "21211")
    assert done.wake_at is None


def test_a_leak_without_an_answer_is_sent_again_once() -> None:
    missed = run(parcel(), (0, Take()), (10_000, NoAnswer("timeout")))
    assert (missed.state.notice.state, missed.reason) == (NoticeState.PENDING, Because.SENT_AGAIN)
    assert missed.wake_at == T + 10_000
    end = run(missed.state, (10_000, Take()), (20_000, NoAnswer("timeout")), (60_000, Take()))
    assert end.state.notice.state is NoticeState.UNKNOWN
    assert (end.state.unanswered, end.state.attempts) == (2, 2)


def test_anything_else_without_an_answer_is_not_sent_again() -> None:
    done = run(parcel(Priority.MEDIUM), (0, Take()), (10_000, NoAnswer("timeout")))
    assert done.state.notice.state is NoticeState.UNKNOWN


def test_a_sender_that_died_is_overtaken_after_its_lease_and_not_before() -> None:
    taken = run(parcel(), (0, Take())).state
    assert run(taken, (LEASE_MS - 1, Take())).reason is Because.NOT_DUE
    late = run(taken, (LEASE_MS, Take()))
    assert (late.reason, late.state.notice.code) == (Because.SENT_AGAIN, "sender_died")


def test_a_sender_that_was_taken_for_dead_is_still_believed() -> None:
    lost = run(parcel(Priority.HIGH), (0, Take()), (LEASE_MS, Take())).state
    assert lost.notice.state is NoticeState.UNKNOWN
    assert run(lost, (LEASE_MS + 1, Handed("SM1"))).state.notice.state is NoticeState.HANDED_OVER


def test_what_is_too_old_is_not_sent() -> None:
    done = run(parcel(), (900_000, Take()))
    assert (done.state.notice.state, done.effects) == (NoticeState.EXPIRED, ())


def test_only_what_has_not_left_can_be_withdrawn() -> None:
    assert run(parcel(), (0, Withdraw())).state.notice.state is NoticeState.SUPERSEDED
    assert run(parcel(), (0, Take()), (1, Withdraw())).state.notice.state is NoticeState.SENDING


def test_a_leak_text_is_sent_within_a_quarter_of_an_hour_or_not_at_all() -> None:
    assert lifetime_ms(NoticePurpose.RAISED, Priority.URGENT) == 900_000
    assert lifetime_ms(NoticePurpose.RAISED, Priority.MEDIUM) == 86_400_000
    assert lifetime_ms(NoticePurpose.ANSWER, Priority.MEDIUM) == 600_000


def test_an_unknown_word_of_the_provider_is_no_receipt() -> None:
    assert receipt_of("pondering", None) is None
    assert receipt_of("Delivered", None) == Receipt(NoticeState.DELIVERED)
    assert set(TWILIO.values()) <= set(RANK)


def test_a_parcel_survives_its_stored_form() -> None:
    one = run(parcel(), (0, Take())).state
    assert msgspec.json.decode(msgspec.json.encode(one), type=Parcel) == one
