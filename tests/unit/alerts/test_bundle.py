"""The text of a bundle fits one segment, whatever is in it."""

import pytest
from msgspec.structs import replace

from alerts.rules.bundle import LIMIT, bundle_text, bundled_in, may_bundle
from alerts.rules.delivery import Parcel
from alerts.rules.words_of_texts import SIGNATURE
from gascore.alarm import Notice, NoticePurpose, NoticeState
from gascore.words import AlarmId, Language, NoticeId, Priority

T = 1_790_000_000_000


def parcel(number: int, said: str, language: Language, code: str | None) -> Parcel:
    notice = Notice(
        id=NoticeId(number),
        alarm=AlarmId(number),
        person=None,
        role="owner",
        step=0,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=NoticeState.PENDING,
        created_ms=T,
    )
    text = SIGNATURE[language] + said
    return Parcel(
        notice, f"k{number}", "+8613800000001", Priority.MEDIUM, text, T, T + 1, code, language=language
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 40, 12345])
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "said", ["长" * 60, "李家面馆厨房探测器故障,22:13。该处失去保护。", "Li's Noodles Kitchen fault. Check"]
)
def test_it_fits_and_says_how_many(count: int, language: Language, said: str) -> None:
    text = bundle_text([parcel(n, said, language, f"{n:03}") for n in range(1, count + 1)])
    assert len(text) <= LIMIT
    assert str(count) in text
    assert "001" in text, "the first one at least can be answered"


def test_two_short_ones_are_named_with_their_codes() -> None:
    both = [parcel(n, f"店{n}厨房探测器故障,22:13。请检修。回{n}", Language.ZH, f"10{n}") for n in (1, 2)]
    assert bundle_text(both) == "【燃气监管】2条:店1厨房探测器故障回101;店2厨房探测器故障回102"


def test_leaks_answers_and_calls_are_not_bundled() -> None:
    fault = parcel(1, "故障", Language.ZH, None)
    assert may_bundle(fault)
    assert not may_bundle(replace(fault, urgency=Priority.URGENT))
    assert not may_bundle(replace(fault, urgency=Priority.HIGH)), "a low leak is one, too"
    assert not may_bundle(replace(fault, notice=replace(fault.notice, purpose=NoticePurpose.ANSWER)))
    assert not may_bundle(replace(fault, notice=replace(fault.notice, channel="voice")))


def test_a_bundled_notice_says_where_it_went() -> None:
    assert bundled_in("bundled:17") == 17
    assert bundled_in(None) is bundled_in("21610") is None
