"""Templates: those that we propose keep every rule, and each way to break one is said in one line."""

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from alerts.adapters.template_file import TemplatesError, proposal, read, written
from alerts.rules.templates import Book, Template, defects, needed, proposed
from alerts.rules.wording import Reader, answer_of, which_one
from alerts.rules.words_of_texts import CALL_LENGTH
from gascore.operators import Outcome
from gascore.words import Language

SIGNATURE: Final = "燃气监管"


def a_book(*, spoken: bool = False, **changed: str) -> Book:
    texts = {name: one.text for name, one in proposed(spoken=spoken).items()}
    texts |= {name.replace("__", "."): text for name, text in changed.items()}
    return Book(
        "" if spoken else SIGNATURE,
        spoken=spoken,
        entries={Language.ZH: {name: Template(f"SMS_{name}", text) for name, text in texts.items() if text}},
    )


@pytest.mark.parametrize("spoken", [False, True])
def test_the_proposed_templates_keep_every_rule(*, spoken: bool) -> None:
    assert defects("aliyun_sms", a_book(spoken=spoken)) == []
    extra = {"contact.test"} if spoken else set[str]()
    assert set(proposed(spoken=spoken)) == set(needed(spoken=spoken)) | extra


@pytest.mark.parametrize("spoken", [False, True])
def test_the_longest_number_to_call_fits_into_the_proposed_templates(*, spoken: bool) -> None:
    book = a_book(spoken=spoken)
    texts = {
        name: Template(f"T.{name}", one.text)
        for name, one in proposed(spoken=spoken, call="9" * CALL_LENGTH).items()
    }
    assert "拨99999" in texts["leak.raised"].text
    longest = Book(book.signature, spoken=spoken, entries={Language.ZH: texts})
    assert defects("aliyun_sms", longest) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "aliyun_sms: leak.raised is missing; `gaswatch templates aliyun_sms` writes its text"),
        ("{place}{level}泄漏{code}", "leak.raised: two variables are adjacent"),
        ("{place},{code}", "leak.raised: has nothing but variables"),
        ("★{place}泄漏回{code}接手", "leak.raised: has ★, which providers refuse"),
        ("【镇】{place}泄漏回{code}接手", "leak.raised: has 【】, which providers refuse"),
        ("{place}泄漏见https://a.cn回{code}", "leak.raised: has a link"),
        (
            "{place}泄漏{value}回{code}",
            "leak.raised: {value} has no value here; there are code, level, place, when",
        ),
        ("燃气泄漏回{code}接手", "leak.raised: {place} is missing: nobody could tell where it is"),
        ("{place}燃气泄漏", "leak.raised: {code} is missing: nobody could tell how to answer"),
        (
            "{place}" + "快" * 50 + "{code}",
            "leak.raised: can have 71 characters with its signature; 70 is one message",
        ),
    ],
)
def test_each_defect_of_a_template_is_one_line(text: str, said: str) -> None:
    found = defects("aliyun_sms", a_book(leak__raised=text))
    assert len(found) == 1
    assert said in found[0]


def test_a_template_without_the_providers_code_is_a_defect() -> None:
    book = Book(SIGNATURE, entries={Language.ZH: proposed(spoken=False)})
    assert all("code is missing" in line for line in defects("aliyun_sms", book))


def test_a_variable_that_may_be_longer_than_the_provider_takes_is_a_defect() -> None:
    book = a_book()
    short = Book(SIGNATURE, variable_max=6, entries=book.entries)
    assert any(
        "{place} can have 11 characters, over variable_max = 6" in line for line in defects("t", short)
    )


def test_a_signature_has_2_to_16_characters() -> None:
    assert "signature must have" in defects("t", Book("燃", entries=a_book().entries))[0]


def test_a_book_without_templates_is_one_line() -> None:
    assert len(defects("tencent_sms", Book(SIGNATURE))) == 1


def test_what_has_no_template_of_its_own_is_said_by_the_next_that_is_true() -> None:
    book = a_book()
    assert book.of("fault.repeat", Language.ZH) == book.of("fault.raised", Language.ZH)
    assert book.of("fault.unanswered", Language.ZH) == book.of("fault.cleared", Language.ZH)
    assert a_book(leak__worse="").of("leak.worse", Language.ZH) is None
    assert book.of(None, Language.ZH) is None


def test_who_reads_english_gets_the_chinese_template_rather_than_none() -> None:
    assert a_book().of("leak.raised", Language.EN) == a_book().of("leak.raised", Language.ZH)


def test_values_come_in_the_order_of_the_text_and_none_is_empty() -> None:
    template = Template("1", "{when}{place}泄漏{level}")
    assert list(template.values({"place": "a", "when": "b"}).items()) == [
        ("when", "b"),
        ("place", "a"),
        ("level", "-"),
    ]


def test_the_file_that_is_proposed_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "templates.toml"
    path.write_text(proposal("tencent_sms") + proposal("aliyun_voice"), "utf-8")
    books = read(path)
    assert books["tencent_sms"].entries[Language.ZH] == proposed(spoken=False)
    assert books["aliyun_voice"].spoken
    assert "signature" not in written("aliyun_voice", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[aliyun_sms", "is no TOML"),
        ("[aliyun_sms]\nsignatur = 'a'", "signatur"),
        ("[aliyun_sms.zh]\n'leak.raised' = 'text'", "zh"),
        (None, "set GASWATCH_TEMPLATES"),
    ],
)
def test_a_file_that_cant_be_used_is_said_in_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "templates.toml"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(TemplatesError) as raised:
        read(path)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_monthly_test_of_a_phone_is_a_text_without_variables() -> None:
    template = a_book().of("contact.test", Language.EN)
    assert template is not None
    assert template.variables == ()
    assert "contact.test" not in needed(spoken=True), "only lines that take no texts are called"
    assert "请按1" in proposed(spoken=True)["contact.test"].text
    assert any(
        "has no value here; there are none" in it for it in defects("t", a_book(contact__test="{place}测试"))
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_every_answer_has_a_template_that_says_the_same(outcome: Outcome) -> None:
    said = answer_of(outcome, None, site="", reader=Reader(Language.ZH, ZoneInfo("Asia/Shanghai")))
    for one in (said, which_one(("137", "138"), Language.ZH)):
        template = a_book().of(one.template, Language.ZH)
        assert template is not None
        assert one.text == f"【{SIGNATURE}】" + template.text.format(**template.values(one.params))
