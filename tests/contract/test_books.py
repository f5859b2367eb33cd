"""Alarms, ladders and the outbox on both relational stores."""

import threading
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from alerts.ports import Lane, SpoiledError, Transaction
from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import RECEIPT_MS, Handed, Parcel, Receipt, Take
from alerts.rules.ladder import Ladder, Phase
from alerts.rules.lifecycle import Case
from alerts.rules.sending import step
from gascore.alarm import Alarm, AlarmKind, ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.journal import ReceiptReceived
from gascore.plans import BUILT_IN
from gascore.policy import chain_of
from gascore.words import AlarmId, NoticeId, PersonId, Priority, SiteId
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.journal import SqlJournal
from support.stores import Store, signed_in

pytestmark = pytest.mark.contract
T: Final = 1_790_000_000_000
PHONE: Final = "+8613800000001"


@pytest.fixture
def books(store: Store) -> SqlBooks:
    return SqlBooks(store.engine)


def a_file(
    number: int = 1,
    key: str = "detector:D1:leak",
    due_ms: int | None = None,
    kind: AlarmKind = AlarmKind.LEAK,
    priority: Priority = Priority.URGENT,
) -> CaseFile:
    alarm = Alarm(
        id=AlarmId(number),
        key=key,
        kind=kind,
        priority=priority,
        version=1,
        active=True,
        latched=True,
        opened_ms=T,
        changed_ms=T,
        received_ms=T,
        since_ms=T,
    )
    chain = chain_of(BUILT_IN["urgent"], kind)
    return CaseFile(alarm, 3, Ladder(phase=Phase.CLIMBING, chain=chain, started_ms=T, rung=0, due_ms=due_ms))


def a_parcel(
    number: int = 1, *, alarm: int | None = 1, code: str | None = None, urgency: Priority = Priority.URGENT
) -> Parcel:
    notice = Notice(
        id=NoticeId(number),
        alarm=None if alarm is None else AlarmId(alarm),
        person=PersonId("ann"),
        role="owner",
        step=0,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=NoticeState.PENDING,
        created_ms=T,
    )
    return Parcel(
        notice=notice,
        once_key=f"k{number}",
        address=PHONE,
        urgency=urgency,
        text="泄漏",
        due_ms=T,
        expires_ms=T + 900_000,
        reply_code=code,
    )


def made_at(at_ms: int, parcel: Parcel) -> Parcel:
    return replace(parcel, notice=replace(parcel.notice, created_ms=at_ms))


def closed(file: CaseFile) -> CaseFile:
    return replace(file, alarm=replace(file.alarm, closed_ms=T + 1))


def test_what_is_put_is_found_and_replaced(books: SqlBooks) -> None:
    file = a_file(due_ms=T + 90_000)
    with books.transaction() as one:
        assert one.cases.new_id() == 1
        one.cases.put(file)
        assert one.cases.new_id() == 2
    worse = replace(file, alarm=replace(file.alarm, version=2))
    with books.transaction() as one:
        assert one.cases.of_key("detector:D1:leak") == file
        assert one.cases.of_id(AlarmId(1)) == file
        assert one.cases.of_id(AlarmId(2)) is None
        assert one.cases.next_due_ms() == T + 90_000
        one.cases.put(worse)
    with books.transaction() as one:
        assert one.cases.of_id(AlarmId(1)) == worse


def test_a_ladder_from_before_there_were_chains_comes_back_with_its_steps(books: SqlBooks) -> None:
    now = a_file(due_ms=T + 1)
    before = replace(now.ladder, plan="urgent", chain=Ladder().chain)
    with books.transaction() as one:
        one.cases.put(now.with_ladder(before))
    with books.transaction() as one:
        assert one.cases.of_id(AlarmId(1)) == now


def test_the_store_itself_refuses_a_second_open_alarm_of_one_key(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.cases.put(a_file(1))
    with pytest.raises(IntegrityError), books.transaction() as one:
        one.cases.put(a_file(2))
    with books.transaction() as one:
        one.cases.put(closed(a_file(1)))
        one.cases.put(a_file(2))
        found = one.cases.of_key("detector:D1:leak")
        assert found is not None
        assert found.alarm.id == 2
        assert one.cases.of_id(AlarmId(1)) == closed(a_file(1))


def test_due_ladders_come_the_longest_overdue_first(books: SqlBooks) -> None:
    with books.transaction() as one:
        for number, due_ms in ((1, T + 5), (2, T + 1), (3, None), (4, T + 100)):
            one.cases.put(a_file(number, f"k{number}", due_ms))
        assert [file.alarm.id for file in one.cases.due(T + 50, 10)] == [2, 1]
        assert [file.alarm.id for file in one.cases.due(T + 50, 1)] == [2]


def test_a_leaks_ladder_goes_on_before_those_of_many_silences_that_were_due_long_before(
    books: SqlBooks,
) -> None:
    others = (
        (AlarmKind.OUTAGE, Priority.MEDIUM),
        (AlarmKind.LEAK, Priority.HIGH),
        (AlarmKind.LEAK, Priority.URGENT),
    )
    with books.transaction() as one:
        for number in range(1, 31):
            one.cases.put(a_file(number, f"k{number}", T + number, AlarmKind.OFFLINE, Priority.MEDIUM))
        for number, (kind, priority) in enumerate(others, 31):
            one.cases.put(a_file(number, f"k{number}", T + 50, kind, priority))
        assert [file.alarm.id for file in one.cases.due(T + 50, 4)] == [33, 32, 31, 1]
        assert len(one.cases.due(T + 50, 1_000)) == 33
        assert [file.alarm.id for file in one.cases.due(T + 2, 4)] == [1, 2]
        one.cases.put(a_file(30, "k30", T + 30, AlarmKind.LEAK, Priority.URGENT))
        assert one.cases.due(T + 50, 1)[0].alarm.id == 30


def test_a_transaction_that_fails_leaves_nothing(books: SqlBooks, store: Store) -> None:
    def fail() -> None:
        with books.transaction() as one:
            one.cases.put(a_file())
            one.notices.add(a_parcel())
            one.append([signed_in("ann")], T)
            one.move(Lane.URGENT, 7)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    with books.transaction() as one:
        assert one.cases.of_id(AlarmId(1)) is None
        assert one.cursor(Lane.URGENT) == 0
    assert SqlJournal(store.engine).last_id() == 0


def test_an_attempt_that_fails_is_undone_and_the_rest_stands(books: SqlBooks) -> None:
    def fail(one: Transaction) -> None:
        with one.attempt():
            one.cases.put(a_file(3, "other"))
            one.cases.put(a_file(2))

    with books.transaction() as one:
        one.cases.put(a_file(1))
        with pytest.raises(SpoiledError, match="IntegrityError"):
            fail(one)
        with one.attempt():
            one.move(Lane.OTHERS, 5)
    with books.transaction() as one:
        assert one.cases.new_id() == 2
        assert one.cursor(Lane.OTHERS) == 5
        assert one.cursor(Lane.URGENT) == 0


def test_a_notice_is_made_once(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.cases.put(a_file())
        assert one.notices.add(a_parcel(1))
        assert not one.notices.add(replace(a_parcel(2), once_key="k1"))
        assert one.notices.new_id() == 2
        assert one.notices.of_alarm(AlarmId(1)) == [a_parcel(1)]


def test_the_most_urgent_and_then_the_oldest_go_first(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.cases.put(a_file())
        one.notices.add(a_parcel(1, urgency=Priority.MEDIUM))
        one.notices.add(made_at(T + 1, a_parcel(2)))
        one.notices.add(a_parcel(3))
        one.notices.add(replace(a_parcel(4), due_ms=T + 60_000))
        again = a_parcel(5)
        one.notices.add(replace(again, notice=replace(again.notice, purpose=NoticePurpose.REPEAT)))
        one.notices.add(made_at(T + 2, a_parcel(6)))
        assert [p.notice.id for p in one.notices.due(T + 10, 10)] == [3, 2, 6, 5, 1]
        assert one.notices.next_due_ms() == T


def test_a_notice_whose_sender_died_is_due_after_its_lease(books: SqlBooks) -> None:
    taken = step(a_parcel(), Take(), T).state
    with books.transaction() as one:
        one.cases.put(a_file())
        one.notices.add(a_parcel())
        one.notices.put(taken)
        assert taken.lease_ms is not None
        assert one.notices.due(taken.lease_ms - 1, 10) == []
        assert one.notices.due(taken.lease_ms, 10) == [taken]
        assert one.notices.next_due_ms() == taken.lease_ms
        assert one.notices.of_id(NoticeId(1)) == taken


def test_what_a_sender_is_at_is_found_with_the_name_of_its_run(books: SqlBooks) -> None:
    taken = step(a_parcel(), Take(by="run-1"), T).state
    with books.transaction() as one:
        one.cases.put(a_file())
        one.notices.add(a_parcel())
        one.notices.add(a_parcel(2))
        assert one.notices.leased() == []
        one.notices.put(taken)
        assert [parcel.sender for parcel in one.notices.leased()] == ["run-1"]
        one.notices.put(step(taken, Handed("SM1"), T).state)
        assert one.notices.leased() == []


def test_a_notice_is_found_by_what_the_provider_calls_it(books: SqlBooks) -> None:
    handed = step(step(a_parcel(), Take(), T).state, Handed("SM1"), T).state
    with books.transaction() as one:
        one.cases.put(a_file())
        one.notices.add(a_parcel())
        one.notices.put(handed)
        assert one.notices.of_provider("SM1") == handed
        assert one.notices.of_provider("SM2") is None
        assert one.notices.provider_ids(PHONE, T) == {"SM1"}
        assert one.notices.provider_ids(PHONE, T + 1) == one.notices.provider_ids("+1", T) == set()
        assert one.notices.next_due_ms() == T + RECEIPT_MS, "its receipt is awaited"
        one.notices.put(step(handed, Receipt(NoticeState.DELIVERED), T + 1).state)
        assert one.notices.next_due_ms() is None


def test_what_left_about_no_single_place_is_counted_by_itself(books: SqlBooks) -> None:
    with books.transaction() as one:
        for number, site in ((1, None), (2, SiteId("li"))):
            file = a_file(number, key=f"k{number}")
            one.cases.put(file.with_case(Case(replace(file.alarm, site=site), 3)))
            one.notices.add(a_parcel(number, alarm=number))
            taken = step(a_parcel(number, alarm=number), Take(), T + number)
            one.notices.put(taken.state)
        one.notices.add(a_parcel(3, alarm=None))
        one.notices.put(step(a_parcel(3, alarm=None), Take(), T + 3).state)
        assert one.notices.begun(ChannelKind.SMS, PHONE, T) == [T + 1, T + 2, T + 3]
        assert one.notices.begun(ChannelKind.SMS, PHONE, T, broad=True) == [T + 1]


def test_receipts_that_came_first_are_in_the_journal(books: SqlBooks) -> None:
    def receipt(provider_id: str, status: str) -> ReceiptReceived:
        return ReceiptReceived(channel="sms", provider_id=provider_id, status=status)

    with books.transaction() as one:
        one.append([receipt("SM1", "sent"), receipt("SM2", "sent")], T)
        one.append([receipt("SM1", "delivered"), receipt("SM1", "pondering")], T + 1)
        assert one.notices.receipts("SM1", T) == [
            Receipt(NoticeState.HANDED_OVER),
            Receipt(NoticeState.DELIVERED),
        ]
        assert one.notices.receipts("SM1", T + 1) == [Receipt(NoticeState.DELIVERED)]


def test_codes_are_those_of_a_phones_open_alarms(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.cases.put(a_file(1))
        one.cases.put(a_file(2, "other"))
        one.cases.put(closed(a_file(3, "third")))
        one.notices.add(a_parcel(1, alarm=1, code="101"))
        one.notices.add(a_parcel(2, alarm=1, code="101"))
        one.notices.add(a_parcel(3, alarm=2, code="102"))
        one.notices.add(a_parcel(4, alarm=3, code="103"))
        one.notices.add(a_parcel(5, alarm=2))
        assert one.notices.open_codes(PHONE) == {"101": 1, "102": 2}
        assert one.notices.open_codes("+86000") == {}


def test_the_codes_of_a_closed_alarm_are_forgotten_for_good(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.cases.put(a_file(1))
        one.cases.put(a_file(2, "other"))
        told = a_parcel(1, alarm=1, code="101")
        one.notices.add(told)
        one.notices.add(a_parcel(2, alarm=2, code="102"))
        one.notices.forget_codes(AlarmId(1))
        one.notices.put(step(told, Take(), T).state)  # whatever still happens to the notice
        assert one.notices.open_codes(PHONE) == {"102": 2}


def _a_failing_attempt(one: Transaction) -> None:
    with one.attempt():
        one.notices.add(a_parcel(one.notices.new_id(), alarm=None))
        raise ValueError("a defect of ours")


def test_every_notice_has_an_id_of_its_own_also_after_an_attempt_that_failed(books: SqlBooks) -> None:
    with books.transaction() as one:
        first = one.notices.new_id()
        one.notices.add(a_parcel(first, alarm=None))
        with pytest.raises(SpoiledError):
            _a_failing_attempt(one)
        one.notices.add(a_parcel(one.notices.new_id(), alarm=None))
    with books.transaction() as one:
        assert one.notices.new_id() > first + 1


def test_answers_to_a_phone_are_counted(books: SqlBooks) -> None:
    with books.transaction() as one:
        one.notices.add(replace(a_parcel(1, alarm=None), once_key="answer:sms:IN1"))
        one.notices.add(made_at(T + 60_000, replace(a_parcel(2, alarm=None), once_key="answer:sms:IN2")))
        one.notices.add(a_parcel(3, alarm=None))
        assert one.notices.answers_since(PHONE, T) == 2
        assert one.notices.answers_since(PHONE, T + 1) == 1


def test_two_transactions_are_one_after_the_other(books: SqlBooks, store: Store) -> None:
    """Otherwise the later one would write over what the earlier one has done."""
    entered, seen = threading.Event(), []

    def other() -> None:
        entered.set()
        with SqlBooks(store.open()).transaction() as two:
            seen.append(two.cursor(Lane.URGENT))

    thread = threading.Thread(target=other)
    with books.transaction() as one:
        assert one.cursor(Lane.URGENT) == 0
        thread.start()
        assert entered.wait(10)
        one.move(Lane.URGENT, 9)
    thread.join(10)
    assert seen == [9]
