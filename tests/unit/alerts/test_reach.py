"""What proves that a phone can be reached, what proves the contrary, and when it is asked."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from alerts.rules.reach import (
    DAY_MS,
    Asked,
    Lost,
    Moved,
    Proven,
    Reach,
    Started,
    Stopped,
    ask_ms,
    is_office_hour,
    step,
    unreachable_sites,
)
from alerts.rules.replies import Wish, wish_of
from gascore.contacts import Reachability
from gascore.words import PersonId, SiteId

ZONE: Final = ZoneInfo("Asia/Shanghai")
T: Final = 1_790_000_000_000
NEW: Final = Reach(PersonId("li"), "+8613800000001", T)


def after(*events: object) -> Reach:
    reach = NEW
    for number, event in enumerate(events, 1):
        reach = step(reach, event, T + number)  # type: ignore[arg-type]  # any event
    return reach


def test_a_receipt_proves_it() -> None:
    assert after(Proven("sms")) == Reach(
        PersonId("li"), NEW.phone, T + 1, Reachability.REACHABLE, by="sms", proven_ms=T + 1
    )


def test_a_second_proof_does_not_begin_anew() -> None:
    reach = after(Proven("sms"), Proven("voice"))
    assert (reach.since_ms, reach.proven_ms) == (T + 1, T + 2)


def test_one_lost_text_is_a_phone_that_was_off_and_two_are_one_that_is_not_there() -> None:
    assert after(Proven("sms"), Lost("30003")).state is Reachability.REACHABLE
    assert after(Lost("30003"), Proven("sms"), Lost("30003")).state is Reachability.REACHABLE
    reach = after(Lost("30003"), Lost("30005"))
    assert (reach.state, reach.why) == (Reachability.UNREACHABLE, "30005")


def test_a_refused_number_is_unreachable_at_once() -> None:
    assert after(Lost("21211", refused=True)).state is Reachability.UNREACHABLE


@pytest.mark.parametrize("stop", [Stopped(), Lost("21610", refused=True)])
def test_who_has_stopped_it_stays_unreachable_until_start(stop: object) -> None:
    assert after(Proven("sms"), stop, Proven("voice"), Lost("30003")).why == "stopped"
    reach = after(stop, Started())
    assert (reach.state, reach.why, reach.by) == (Reachability.REACHABLE, "", "reply")


@pytest.mark.parametrize("by", ["sms", "reply"])
def test_a_text_of_after_the_stop_that_arrived_and_a_reply_with_a_code_prove_that_texts_go_on(
    by: str,
) -> None:
    reach = after(Stopped(), Proven(by, sent_ms=T + 2, heals=True))
    assert (reach.state, reach.why, reach.by) == (Reachability.REACHABLE, "", by)


def test_a_text_of_before_the_stop_proves_nothing_against_it() -> None:
    assert after(Stopped(), Proven("sms", sent_ms=T, heals=True)).why == "stopped"
    # said twice, the second one counts
    assert after(Stopped(), Stopped(), Proven("sms", sent_ms=T + 2, heals=True)).why == "stopped"


def test_another_number_begins_anew() -> None:
    assert after(Stopped(), Moved("+8613900000000")) == Reach(PersonId("li"), "+8613900000000", T + 2)
    assert after(Moved(NEW.phone)) is NEW


@pytest.mark.parametrize(
    "body",
    [
        "STOP",
        " stop. ",
        "Stop",
        "UNSUBSCRIBE",
        "QUIT",
        "CANCEL",
        "END",
        "TD",
        "T",
        "退订",
        "ＳＴＯＰ",
        "opt out",
    ],
)
def test_stop_is_understood(body: str) -> None:
    assert wish_of(body) is Wish.STOP


@pytest.mark.parametrize("body", ["102", "1", "ok", "please stop the alarm", "yes", "", "停气了"])
def test_what_is_no_stop_is_none(body: str) -> None:
    assert wish_of(body) is None


def test_start_undoes_it() -> None:
    assert wish_of("START") is Wish.START


def hour(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, ZONE).hour


def test_tests_are_in_office_hours_and_spread_over_the_month() -> None:
    days = set()
    for number in range(500):
        reach = Reach(PersonId(f"p{number}"), "+861", T)
        at_ms = ask_ms(reach, 30, ZONE)
        assert at_ms is not None
        assert 9 <= hour(at_ms) < 17
        assert is_office_hour(at_ms, ZONE)
        days.add((at_ms - T + DAY_MS) // DAY_MS)
    assert len(days) >= 30
    assert max(days) <= 31


def test_a_real_text_that_arrived_counts_as_a_test() -> None:
    at_ms = ask_ms(after(Asked(), Proven("sms")), 30, ZONE)
    assert at_ms is not None
    assert 29 * DAY_MS <= at_ms - T <= 31 * DAY_MS


def test_who_wants_no_texts_is_not_tested_and_0_days_is_off() -> None:
    assert ask_ms(after(Stopped()), 30, ZONE) is None
    assert ask_ms(NEW, 0, ZONE) is None


def test_a_site_is_unreachable_when_nobody_is_left() -> None:
    reaches = {
        PersonId("a"): Reach(PersonId("a"), "1", T, Reachability.UNREACHABLE),
        PersonId("b"): Reach(PersonId("b"), "2", T),
    }
    sites = {
        SiteId("one"): {PersonId("a")},
        SiteId("two"): {PersonId("a"), PersonId("b")},
        SiteId("none"): set[PersonId](),
    }
    assert unreachable_sites(sites, reaches) == {SiteId("one"), SiteId("none")}
