"""Budgets of numbers: what is kept for leaks, what waits, and when a leak goes by another way."""

from typing import Final

import pytest

from alerts.rules.budget import DAY_MS, DEFAULTS, HOUR_MS, MINUTE_MS, Advice, Cap, Verdict, judge
from gascore.alarm import ChannelKind

T: Final = 1_790_000_000_000
HOURLY: Final = (Cap(HOUR_MS, 10),)


def before(*ago_ms: int) -> list[int]:
    return sorted(T - one for one in ago_ms)


def test_the_first_messages_go_at_once() -> None:
    for caps in DEFAULTS.values():
        assert judge(caps, [], T, urgent=False) == judge(caps, [], T, urgent=True) == Verdict(Advice.GO)


def test_the_last_part_is_kept_for_leaks() -> None:
    sent = before(*(59 * 60_000 - n for n in range(8)))
    assert judge(HOURLY, sent, T, urgent=False) == Verdict(Advice.LATER, sent[0] + HOUR_MS)
    assert judge(HOURLY, sent, T, urgent=True) == Verdict(Advice.GO)


def test_what_left_longer_ago_than_the_span_does_not_count() -> None:
    sent = before(*(HOUR_MS + n for n in range(10)))
    assert judge(HOURLY, sent, T, urgent=False) == Verdict(Advice.GO)


def test_a_rate_that_would_use_up_the_rest_spreads_what_is_not_urgent() -> None:
    burst = before(1_000, 2_000, 3_000, 4_000, 5_000)
    verdict = judge(HOURLY, burst, T, urgent=False)
    assert verdict.advice is Advice.LATER
    assert T < verdict.until_ms < T + HOUR_MS
    assert judge(HOURLY, burst, verdict.until_ms, urgent=False).advice is Advice.GO
    calm = before(*(n * 11 * 60_000 for n in range(1, 6)))
    assert judge(HOURLY, calm, T, urgent=False).advice is Advice.GO, "there will be enough"


def test_a_leak_goes_by_the_next_channel_before_the_cap_and_by_this_one_where_there_is_none() -> None:
    nine = before(*(n * 1_000 for n in range(1, 10)))
    assert judge(HOURLY, nine, T, urgent=True, way_out=True).advice is Advice.ELSEWHERE
    assert judge(HOURLY, nine, T, urgent=True).advice is Advice.GO
    assert judge(HOURLY, [*nine, T], T, urgent=True).advice is Advice.OVER, "sent all the same"
    assert judge(HOURLY, nine[:8], T, urgent=True, way_out=True).advice is Advice.GO


def test_the_tightest_cap_decides() -> None:
    voice = DEFAULTS[ChannelKind.VOICE]
    assert {cap.span_ms for cap in voice} == {MINUTE_MS, HOUR_MS, DAY_MS}
    just_called = before(30_000)
    assert judge(voice, just_called, T, urgent=True, way_out=True).advice is Advice.ELSEWHERE
    assert judge(voice, just_called, T, urgent=False) == Verdict(Advice.LATER, T + 30_000)


@pytest.mark.parametrize("step_ms", [1_000, 60_000, 600_000])
def test_however_many_come_the_cap_less_the_reserve_is_kept_and_all_of_it_can_be_used(step_ms: int) -> None:
    sent: list[int] = []
    for now_ms in range(T, T + 3 * HOUR_MS, step_ms):
        if judge(HOURLY, sent, now_ms, urgent=False).advice is Advice.GO:
            sent.append(now_ms)
    for end_ms in sent:
        assert sum(end_ms - HOUR_MS < one <= end_ms for one in sent) <= 8
    assert len(sent) >= min(3 * HOUR_MS // step_ms, 3 * 8) * 0.75


def test_what_happens_within_a_minute_is_not_spread() -> None:
    texts = DEFAULTS[ChannelKind.SMS]
    for count in range(8):
        assert judge(texts, [T] * count, T, urgent=False).advice is Advice.GO
    assert judge(texts, [T] * 8, T, urgent=False) == Verdict(Advice.LATER, T + MINUTE_MS)


def test_what_concerns_more_than_one_place_is_not_spread_and_leaves_the_last_part_to_leaks() -> None:
    burst = before(1_000, 2_000, 3_000, 4_000, 5_000)
    assert judge(HOURLY, burst, T, urgent=False).advice is Advice.LATER
    assert judge(HOURLY, burst, T, urgent=False, broad=()).advice is Advice.GO
    nine = before(*(n * 1_000 for n in range(1, 10)))
    assert judge(HOURLY, nine, T, urgent=False, broad=()) == Verdict(Advice.LATER, nine[0] + HOUR_MS)
    assert judge(HOURLY, nine, T, urgent=True).advice is Advice.GO


def test_what_concerns_more_than_one_place_and_comes_again_and_again_is_like_any_other() -> None:
    ten_an_hour = (Cap(HOUR_MS, 10),)
    burst = before(1_000, 2_000, 3_000, 4_000, 5_000)
    assert judge(ten_an_hour, burst, T, urgent=False, broad=burst[:2]).advice is Advice.GO
    assert judge(ten_an_hour, burst, T, urgent=False, broad=burst[:3]).advice is Advice.LATER
    yesterday = before(HOUR_MS + 1, HOUR_MS + 2, HOUR_MS + 3)
    assert judge(ten_an_hour, burst, T, urgent=False, broad=yesterday).advice is Advice.GO
