"""The way of one notice, by its table and by its sentences."""

import itertools
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from alerts.rules.delivery import (
    FINAL,
    LEASE_MS,
    RANK,
    RECEIPT_MS,
    Absorb,
    CannotSay,
    Event,
    Found,
    Handed,
    NoAnswer,
    NotFound,
    Orphaned,
    Parcel,
    Parted,
    Receipt,
    Refused,
    Take,
    TryLater,
    Withdraw,
    is_unreached,
    lifetime_ms,
)
from alerts.rules.receipts import NO_KEY, TWILIO, receipt_of
from alerts.rules.sending import TRANSITIONS, Step, step
from alerts.rules.sending_words import Ask, Because, Part, Send, look_ms, retry_ms
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
    Orphaned(),
    Handed("SM1"),
    Refused("21211"),
    TryLater("503"),
    NoAnswer("timeout"),
    Found("SM1"),
    NotFound(),
    CannotSay("timeout"),
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


def test_what_a_dead_sender_was_at_is_asked_about_at_once() -> None:
    done = run(parcel(), (0, Take(by="run-1")), (2_000, Orphaned()))
    assert done.state.notice.state is NoticeState.UNKNOWN
    assert done.wake_at == T + 2_000
    asked = run(done.state, (2_000, Take(by="run-2")))
    assert asked.effects == (Ask(),)
    assert asked.state.sender == "run-2"
    assert run(asked.state, (2_100, Found("SM1"))).state.notice.state is NoticeState.HANDED_OVER


def test_what_is_not_found_right_after_a_death_is_asked_for_once_more_before_it_is_sent_again() -> None:
    asked = run(parcel(), (0, Take()), (2_000, Orphaned()), (2_000, Take())).state
    soon = run(asked, (2_100, NotFound()))
    assert (soon.reason, soon.wake_at) == (Because.TOO_SOON, T + 7_000)
    assert soon.state.notice.state is NoticeState.UNKNOWN
    late = run(soon.state, (7_000, Take()), (7_100, NotFound()))
    assert late.state.notice.state is NoticeState.PENDING
    assert run(late.state, (7_100, Take())).effects == (Send(),)


def test_a_question_whose_asker_died_is_asked_again_at_once() -> None:
    lost = run(parcel(), (0, Take()), (10_000, NoAnswer("timeout")), (15_000, Take()))
    assert run(lost.state, (15_100, Orphaned())).wake_at == T + 15_000
    handed = run(parcel(), (0, Take()), (300, Handed("SM1")), (RECEIPT_MS + 300, Take()))
    assert run(handed.state, (RECEIPT_MS + 400, Orphaned())).wake_at == T + RECEIPT_MS + 300


def test_nothing_that_nobody_is_at_is_taken_back() -> None:
    handed = run(parcel(), (0, Take(by="run-1")), (300, Handed("SM1"))).state
    for one in (parcel(), handed):
        assert step(one, Orphaned(), T + 400).state is one


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


@pytest.mark.parametrize("urgency", [Priority.URGENT, Priority.MEDIUM])
def test_without_an_answer_the_provider_is_asked_a_few_seconds_later(urgency: Priority) -> None:
    missed = run(parcel(urgency), (0, Take()), (10_000, NoAnswer("timeout")))
    assert (missed.state.notice.state, missed.wake_at) == (NoticeState.UNKNOWN, T + 15_000)
    assert run(missed.state, (14_999, Take())).reason is Because.NOT_DUE
    asked = run(missed.state, (15_000, Take()))
    assert (asked.effects, asked.wake_at) == ((Ask(),), T + 15_000 + LEASE_MS)
    assert asked.state.notice.state is NoticeState.UNKNOWN


def test_who_asks_and_dies_is_overtaken() -> None:
    asked = run(parcel(), (0, Take()), (0, NoAnswer("timeout")), (5_000, Take()))
    assert run(asked.state, (5_000 + LEASE_MS - 1, Take())).reason is Because.NOT_DUE
    assert run(asked.state, (5_000 + LEASE_MS, Take())).effects == (Ask(),)


@pytest.mark.parametrize("urgency", [Priority.URGENT, Priority.MEDIUM])
def test_what_the_provider_never_got_is_sent_whoever_it_is_for(urgency: Priority) -> None:
    asked = run(parcel(urgency), (0, Take()), (0, NoAnswer("timeout")), (5_000, Take())).state
    again = run(asked, (5_100, NotFound()))
    assert (again.state.notice.state, again.wake_at) == (NoticeState.PENDING, T + 5_100)
    assert again.state.begun_ms is None
    assert run(again.state, (5_100, Take())).effects == (Send(),)
    assert run(asked, (900_000, NotFound()), (900_000, Take())).state.notice.state is NoticeState.EXPIRED


@pytest.mark.parametrize("state", [NoticeState.HANDED_OVER, NoticeState.UNDELIVERED, NoticeState.DELIVERED])
def test_what_the_provider_has_is_what_it_says_it_is(state: NoticeState) -> None:
    found = run(
        parcel(), (0, Take()), (0, NoAnswer("timeout")), (5_000, Take()), (5_100, Found("SM1", state))
    )
    assert (found.state.notice.state, found.state.notice.provider_id) == (state, "SM1")
    assert found.state.notice.handed_ms == T + 5_100
    assert (found.wake_at is None) == (state in FINAL)


def test_while_nobody_can_say_a_leak_is_overdue_at_once_and_others_wait() -> None:
    events = ((0, Take()), (0, NoAnswer("timeout")), (5_000, Take()), (5_100, CannotSay("timeout")))
    leak, fault = run(parcel(), *events), run(parcel(Priority.MEDIUM), *events)
    assert (leak.state.notice.overdue_ms, fault.state.notice.overdue_ms) == (T + 5_100, None)
    assert leak.wake_at == fault.wake_at == T + 10_100
    late = run(fault.state, (10_100, Take()), (900_000, CannotSay("timeout"))).state.notice
    assert (late.overdue_ms, late.final_ms) == (T + 900_000, T + 900_000)
    end = run(leak.state, (10_100, Take()), (11_000, NotFound()), (11_000, Take()), (12_000, Handed("SM1")))
    assert end.state.notice.overdue_ms == T + 5_100, "said once"


def test_a_sender_that_died_is_overtaken_after_its_lease_and_the_provider_is_asked_at_once() -> None:
    taken = run(parcel(), (0, Take())).state
    assert run(taken, (LEASE_MS - 1, Take())).reason is Because.NOT_DUE
    late = run(taken, (LEASE_MS, Take()))
    assert (late.state.notice.state, late.state.notice.code) == (NoticeState.UNKNOWN, "sender_died")
    assert late.effects == (Ask(),)


def test_a_sender_that_was_taken_for_dead_is_still_believed() -> None:
    lost = run(parcel(Priority.HIGH), (0, Take()), (LEASE_MS, Take())).state
    assert lost.notice.state is NoticeState.UNKNOWN
    assert run(lost, (LEASE_MS + 1, Handed("SM1"))).state.notice.state is NoticeState.HANDED_OVER


def test_a_receipt_that_does_not_come_is_asked_for_and_then_missed() -> None:
    handed = run(parcel(), (0, Take()), (0, Handed("SM1")))
    assert handed.wake_at == T + RECEIPT_MS
    asked = run(handed.state, (RECEIPT_MS, Take()))
    assert asked.effects == (Ask(),)
    for event in (Found("SM1"), NotFound(), CannotSay("timeout")):
        missed = run(asked.state, (RECEIPT_MS, event))
        notice = missed.state.notice
        assert (notice.state, notice.overdue_ms) == (NoticeState.HANDED_OVER, T + RECEIPT_MS)
        assert missed.wake_at == T + RECEIPT_MS + 5_000
        assert is_unreached(notice)
        late = run(missed.state, (90_000, Receipt(NoticeState.DELIVERED))).state.notice
        assert (late.state, is_unreached(late)) == (NoticeState.DELIVERED, False)
    settled = run(asked.state, (RECEIPT_MS, Found("SM1", NoticeState.UNDELIVERED, "30003"))).state.notice
    assert (settled.state, settled.code, settled.overdue_ms) == (NoticeState.UNDELIVERED, "30003", None)


def test_who_never_gives_receipts_is_not_asked_for_one() -> None:
    handed = run(parcel(), (0, Take()), (0, Handed("1", receipt_ms=None)))
    assert (handed.wake_at, handed.state.notice.final_ms) == (None, T)


def test_the_provider_is_asked_less_and_less_often_and_in_the_end_no_more() -> None:
    assert [look_ms(n) for n in (1, 2, 3, 8, 9, 100)] == [5_000, 10_000, 20_000, 640_000, 900_000, 900_000]
    handed = run(parcel(), (0, Take()), (0, Handed("SM1")), (890_000, Take()), (900_000, CannotSay("x")))
    assert (handed.wake_at, handed.state.notice.final_ms) == (None, T + 900_000)
    assert (
        run(handed.state, (910_000, Receipt(NoticeState.DELIVERED))).state.notice.state
        is NoticeState.DELIVERED
    )


def test_a_leak_that_could_not_leave_for_a_minute_is_told_otherwise_meanwhile() -> None:
    early = run(parcel(), (0, Take()), (59_999, TryLater("503"))).state.notice
    late = run(parcel(), (0, Take()), (60_000, TryLater("503"))).state.notice
    other = run(parcel(Priority.MEDIUM), (0, Take()), (60_000, TryLater("503"))).state.notice
    assert (early.overdue_ms, late.overdue_ms, other.overdue_ms) == (None, T + 60_000, None)


def test_what_is_no_longer_wanted_while_it_may_have_left_is_not_sent_again() -> None:
    taken = run(parcel(), (0, Take()), (1, Withdraw())).state
    assert run(taken, (2, TryLater("503"))).state.notice.state is NoticeState.SUPERSEDED
    lost = run(taken, (2, NoAnswer("timeout")), (6_000, Take())).state
    assert run(lost, (6_000, NotFound())).state.notice.state is NoticeState.SUPERSEDED
    assert run(lost, (6_000, Found("SM1"))).state.notice.state is NoticeState.HANDED_OVER


@pytest.mark.parametrize("final", [NoticeState.EXPIRED, NoticeState.SUPERSEDED])
@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_what_was_given_up_stays_so(final: NoticeState, event: Event) -> None:
    assert run(parcel(state=final), (0, event)).state.notice.state is final


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


PRESSED: Final = Receipt(NoticeState.DELIVERED)


@pytest.mark.parametrize(
    "before",
    [
        ((0, Take()),),
        ((0, Take()), (10_000, NoAnswer("timeout"))),
        ((0, Take()), (10_000, NoAnswer("timeout")), (15_000, Take()), (15_000, NotFound())),
    ],
    ids=["sending", "unknown", "to be sent again"],
)
def test_a_key_proves_that_it_arrived_before_we_know_that_it_left(
    before: tuple[tuple[int, Event], ...],
) -> None:
    pressed = run(parcel(), *before, (16_000, PRESSED))
    assert (pressed.state.notice.state, pressed.wake_at) == (NoticeState.DELIVERED, None)
    for late in (Found("CA1", NoticeState.UNDELIVERED, NO_KEY), TryLater("503"), NotFound(), Take()):
        assert run(pressed.state, (17_000, late)).state.notice.state is NoticeState.DELIVERED
    named = run(pressed.state, (17_000, Handed("CA1"))).state.notice
    assert (named.state, named.provider_id, named.handed_ms) == (NoticeState.DELIVERED, "CA1", T + 17_000)


@pytest.mark.parametrize("state", [NoticeState.HANDED_OVER, NoticeState.UNDELIVERED])
def test_any_other_receipt_so_early_is_of_an_earlier_try(state: NoticeState) -> None:
    sending = run(parcel(), (0, Take())).state
    assert run(sending, (1, Receipt(state))).state is sending


def test_a_call_that_asks_for_no_key_has_arrived_when_it_was_taken() -> None:
    asks = replace(parcel(), reply_code="101")
    informs = parcel()
    ended = Receipt(NoticeState.UNDELIVERED, NO_KEY)
    calling = ((0, Take()), (1, Handed("CA1")))
    assert run(asks, *calling, (2, ended)).state.notice.state is NoticeState.UNDELIVERED
    assert run(informs, *calling, (2, ended)).state.notice.state is NoticeState.DELIVERED
    lost = ((0, Take()), (1, NoAnswer("timeout")), (5_001, Take()))
    found = run(informs, *lost, (5_002, Found("CA1", NoticeState.UNDELIVERED, NO_KEY))).state.notice
    assert (found.state, found.code) == (NoticeState.DELIVERED, None)
    assert run(informs, *calling, (2, Receipt(NoticeState.UNDELIVERED, "busy"))).state.notice.code == "busy"


def test_how_long_a_leak_may_wait_to_leave_is_said_with_the_answer() -> None:
    tried = run(parcel(), (0, Take()), (20_000, TryLater("503", receipt_ms=20_000))).state.notice
    asked = run(parcel(), (0, Take()), (1, NoAnswer("x")), (5_001, Take()))
    missed = run(asked.state, (20_000, NotFound(receipt_ms=20_000))).state.notice
    assert (tried.overdue_ms, missed.overdue_ms) == (T + 20_000, T + 20_000)


def test_what_did_not_leave_lets_go_of_what_it_took_along() -> None:
    lead = replace(parcel(Priority.MEDIUM), bundled=(NoticeId(2), NoticeId(3)), together="3 alarms")
    for lost in ((1, TryLater("503")),), ((1, NoAnswer("x")), (5_001, Take()), (5_002, NotFound())):
        done = run(lead, (0, Take()), *lost)
        assert done.effects == (Part((NoticeId(2), NoticeId(3)), done.state.due_ms),)
        assert (done.state.bundled, done.state.together) == ((), None)
    unwanted = run(lead, (0, Take()), (1, Withdraw()), (2, TryLater("503")))
    assert unwanted.state.notice.state is NoticeState.SUPERSEDED
    assert [type(one) for one in unwanted.effects] == [Part]
    assert run(lead, (0, Take()), (1, Handed("SM1"))).state.bundled == lead.bundled


def test_what_was_taken_along_waits_again_only_if_it_is_wanted_and_went_with_that_one() -> None:
    along = run(parcel(Priority.MEDIUM), (0, Absorb("bundled:9"))).state
    assert run(along, (1, Parted(NoticeId(8), T))).state is along
    alone = run(along, (1, Parted(NoticeId(9), T + 7))).state
    assert (alone.notice.state, alone.notice.code, alone.due_ms) == (NoticeState.PENDING, None, T + 7)
    over = run(along, (1, Withdraw()), (2, Parted(NoticeId(9), T + 7))).state
    assert (over.notice.state, over.notice.code) == (NoticeState.SUPERSEDED, None)
    given_up = run(parcel(), (0, Withdraw())).state
    assert run(given_up, (1, Withdraw())).state is given_up
