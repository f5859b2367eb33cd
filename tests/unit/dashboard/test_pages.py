"""Pages: every one in both languages with the worst names, nothing unescaped, nothing untranslated."""

import json
import re
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import jinja2
import pytest

from alerts.rules.ladder_words import Phase
from dashboard.adapters.views import Missing
from dashboard.adapters.views_system import ServiceLine
from dashboard.adapters.views_upkeep import WindowForm
from dashboard.adapters.web import phrases
from dashboard.adapters.web.formats import Formats, lel, percent
from dashboard.adapters.web.render import AssetsMissingError, Pages
from dashboard.rules.kpi import Kpi, Verdict
from dashboard.rules.rows import SystemState
from gascore.alarm import AlarmCause, AlarmKind, AlarmStatus, NoticePurpose, NoticeState
from gascore.contacts import Reachability
from gascore.escalation import Why
from gascore.hazard import HazardEnd
from gascore.journal import AlarmStep, Event, Reason
from gascore.operators import Outcome
from gascore.registry import Role, SiteKind
from gascore.wire import RejectReason
from gascore.words import (
    Condition,
    Language,
    Level,
    Priority,
    Protection,
    ReportedState,
    RoomKind,
    SupplyGas,
    TargetGas,
)
from support.built import built_pages
from support.catalogue import catalogue, used_texts
from support.contexts import EVIL, NOW_MS, contexts
from support.contexts_places import a_closed_alarm

PAGES = built_pages()
TEMPLATES = sorted(contexts(Language.ZH, PAGES.asset))
ENUMS: dict[str, type[Enum]] = {
    "kind": AlarmKind,
    "status": AlarmStatus,
    "priority": Priority,
    "level": Level,
    "leak": Level,
    "condition": Condition,
    "protection": Protection,
    "reported": ReportedState,
    "gas": SupplyGas,
    "target": TargetGas,
    "room": RoomKind,
    "site": SiteKind,
    "role": Role,
    "purpose": NoticePurpose,
    "notice": NoticeState,
    "cause": AlarmCause,
    "outcome": Outcome,
    "system": SystemState,
    "reason": Reason,
    "step": AlarmStep,
    "kpi": Kpi,
    "verdict": Verdict,
    "hazard_end": HazardEnd,
    "reach": Reachability,
    "gap": Why,
    "phase": Phase,
}
OTHERS = {"role": {"console", "person", "roster", "body"}}
"""Words beside the enum's: who is told without a role."""
VOID = {"meta", "link", "input", "br", "img"}
SVG = {"path", "rect", "circle", "use"}


class Reader(HTMLParser):
    """Notes the elements, ids and text of a page, and whether elements are nested properly."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(template: str, language: Language, **names: str) -> Reader:
    reader = Reader()
    reader.feed(
        PAGES.render(template, language=language, **contexts(language, PAGES.asset, **names)[template])
    )
    reader.close()
    return reader


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_page_is_well_formed_with_the_longest_names(template: str, language: Language) -> None:
    page = read(template, language)
    assert page.open == []
    assert ("html", {"lang": "zh-CN" if language is Language.ZH else "en"}) in page.tags
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", TEMPLATES)
def test_markup_in_names_stays_text(template: str, language: Language) -> None:
    page = read(template, language, name=EVIL, name_en=EVIL)
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert all("src" in attrs or attrs.get("type") == "application/json" for attrs in scripts)
    assert EVIL in "".join(page.text) or template == "login"


@pytest.mark.parametrize("language", Language)
def test_names_reach_the_scripts_whole(language: Language) -> None:
    page = PAGES.render(
        "console", language=language, **contexts(language, PAGES.asset, name=EVIL, name_en=EVIL)["console"]
    )
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    assert found
    config = json.loads(found[1])
    assert config["snapshot"]["rows"][0]["site_name"] == EVIL
    assert config["worker"] == PAGES.asset("worker.js")


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_page_holds_inline_scripts_or_styles_for_the_content_security_policy(template: str) -> None:
    for tag, attrs in read(template, Language.ZH).tags:
        assert tag != "style"
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_chinese_page_has_no_english_sentence(template: str) -> None:
    page = read(template, Language.ZH)
    english = {text for text in used_texts() if len(text.split()) > 1}
    assert not english & {piece.strip() for piece in page.text}


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_field_has_a_label_and_every_button_a_name(template: str) -> None:
    html = PAGES.render(template, language=Language.ZH, **contexts(Language.ZH, PAGES.asset)[template])
    for button in re.findall(r"<button([^>]*)>(.*?)</button>", html, re.DOTALL):
        assert "aria-label" in button[0] or re.sub(r"<[^>]*>", "", button[1]).strip()
    labelled = len(re.findall(r"<label[^>]*>.*?<(?:input|select|textarea)", html, re.DOTALL))
    fields = len(re.findall(r'<(?:input(?! type="hidden")|select|textarea)', html))
    assert labelled == fields


def test_a_context_that_lacks_a_name_is_an_error_and_no_blank() -> None:
    with pytest.raises(jinja2.UndefinedError):
        PAGES.render("problem", language=Language.ZH, status=404)


def test_every_text_has_a_chinese_translation_and_none_is_left_over() -> None:
    chinese: dict[str, tuple[str, ...]] = {}
    for message in catalogue("zh"):
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        texts = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        chinese |= dict.fromkeys(ids, texts)
    del chinese[""]
    assert set(chinese) == used_texts()
    assert [key for key, texts in chinese.items() if not all(texts)] == []


def test_translations_keep_the_places_to_fill_in() -> None:
    places = re.compile(r"\{\w*[^}]*\}|%\(\w+\)s")
    for message in catalogue("zh"):
        if message.id and isinstance(message.id, str):
            assert sorted(places.findall(message.id)) == sorted(places.findall(str(message.string)))


@pytest.mark.parametrize("group", sorted(ENUMS))
def test_every_value_of_an_enum_has_a_word(group: str) -> None:
    values = {str(value.value) for value in ENUMS[group]}
    assert set(phrases.WORDS[group]) == values | OTHERS.get(group, set())


def test_every_reason_to_reject_has_a_word() -> None:
    assert {reason.value for reason in RejectReason} <= set(phrases.WORDS["reject"])


def test_every_kind_of_journal_entry_has_a_word() -> None:
    kinds = {str(event.__struct_config__.tag) for event in get_args(Event)}
    assert set(phrases.WORDS["entry"]) == kinds


def test_instants_are_shown_in_the_towns_zone() -> None:
    assert Formats("Asia/Shanghai", Language.EN, str).instant(NOW_MS) == "2026-11-18 19:06:40"
    assert Formats("UTC", Language.EN, str).instant(NOW_MS) == "2026-11-18 11:06:40"
    assert Formats("UTC", Language.EN, str).instant(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.9, "59 s"),
        (62, "1 min 02 s"),
        (11_100, "3 h 05 min"),
        (183_600, "2 d 3 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert Formats("UTC", Language.EN, str).duration(seconds) == words


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.0, "0"), (4.52, "4.5"), (51.9, "52")])
def test_small_concentrations_have_a_digit_more(value: float | None, text: str) -> None:
    assert lel(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (1.0, "100.00 %"), (0.999_99, "99.99 %"), (0.58, "58.00 %")]
)
def test_a_hundred_percent_is_shown_only_when_it_is_exact(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_without_built_files_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissingError, match=r"hatch_build\.py"):
        Pages("UTC", home=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "chinese", "english"),
    [
        (
            "spool_points",
            "16700",
            "等待写入时序数据库的读数：16,700",
            "Readings waiting for the series database: 16,700",
        ),
        ("spool_bytes", "1536000", "等待读数占用磁盘：1.5 MB", "Disk taken by waiting readings: 1.5 MB"),
        ("spool_bytes", "999", "等待读数占用磁盘：999 B", "Disk taken by waiting readings: 999 B"),
        (
            "spool_max_bytes",
            "2147483648",
            "等待读数磁盘上限：2.1 GB",
            "Disk for waiting readings at most: 2.1 GB",
        ),
        (
            "spool_max_bytes",
            "9" * 15,
            "等待读数磁盘上限：1000000.0 GB",
            "Disk for waiting readings at most: 1000000.0 GB",
        ),
        ("spool_oldest_s", "185", "最早的等待读数已等待：3 分 05 秒", "Oldest waiting reading: 3 min 05 s"),
        ("store", "ok", "存储：正常", "Store: all is well"),
        ("sms", "something_new", "短信：something_new", "SMS: something_new"),
        ("port", "18833", "端口：18833", "Port: 18833"),
        ("connected", "149/150", "已连接的模拟探测器：149/150", "Simulated detectors connected: 149/150"),
        ("broker_dropped h:1883", "7", "被消息服务器丢弃的消息 h:1883：7", "Dropped by the broker h:1883: 7"),
        (
            "trouble series",
            "gone",
            "平台异常：时序数据库未接收读数：gone",
            "Trouble: the series database takes no readings: gone",
        ),
        ("canary north", "7.3 s", "片区演练报警 north：7.3 s", "Test leak of the area north: 7.3 s"),
        ("notices_found", "2", "服务商核实已收的短信：2", "Texts that the provider had after all: 2"),
        ("brand_new", "1234", "brand_new 1234", "brand_new 1234"),
    ],
)
def test_a_services_note_is_said_in_words_and_an_unknown_one_stays_as_it_is(
    name: str, value: str, chinese: str, english: str
) -> None:
    for language, expected in ((Language.ZH, chinese), (Language.EN, english)):
        note = ServiceLine("collector", 1, NOW_MS, 0, {}, {name: value})
        context = {**contexts(language, PAGES.asset)["system"], "services": (note,)}
        assert expected in PAGES.render("system", language=language, **context)


@pytest.mark.parametrize("language", Language)
def test_a_detectors_page_says_why_its_newest_reading_is_not_known(language: Language) -> None:
    context = {**contexts(language, PAGES.asset)["detector"], "last": None, "last_problem": "it is <away>"}
    page = PAGES.render("detector", language=language, **context)
    assert "it is &lt;away&gt;" in page
    said = {Language.ZH: "暂时取不到读数；报警不受影响", Language.EN: "alarms go on without them"}
    assert said[language] in page


@pytest.mark.parametrize(
    ("messages", "chinese", "english"),
    [
        (7, "（按编号缺口统计）：7 条", "by the gaps in their numbers: 7"),
        (0, "未发现丢失消息", "No lost messages known since"),
        (None, "丢失消息数不详", "Lost messages: not known"),
    ],
)
def test_a_detectors_page_says_how_many_messages_are_missing(
    messages: int | None, chinese: str, english: str
) -> None:
    for language, expected in ((Language.ZH, chinese), (Language.EN, english)):
        context = {**contexts(language, PAGES.asset)["detector"], "missing": Missing(messages, NOW_MS)}
        assert expected in PAGES.render("detector", language=language, **context)


def test_an_alarms_page_says_who_is_next_when_and_how_and_how_many_answered() -> None:
    page = PAGES.render("alarm", language=Language.EN, **contexts(Language.EN, PAGES.asset)["alarm"])
    found = re.search(r'<section class="panel" id="next">(.*?)</section>', page, re.DOTALL)
    assert found
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", found[1]))
    assert "2026-11-18 19:06:40 step 3" in words
    assert "if not reached:" in words
    assert "Owner · Call …0001" in words
    assert "Duty officer: nobody has this role here" in words
    assert "2 of 3 answered:" in words
    assert 'http-equiv="refresh"' in page


def test_a_closed_alarms_page_says_its_cause_and_does_not_renew_itself() -> None:
    context = dict(contexts(Language.EN, PAGES.asset)["alarm"]) | a_closed_alarm("x", "x", NOW_MS)
    page = PAGES.render("alarm", language=Language.EN, **context)
    assert "False alarm · Steam or condensation" in page
    assert "Nobody further is told." in page
    assert 'http-equiv="refresh"' not in page


def test_a_window_that_is_changed_keeps_its_place_and_fills_the_form() -> None:
    context = dict(contexts(Language.EN, PAGES.asset)["windows"])
    windows = context["windows"]
    assert isinstance(windows, tuple)
    context |= {
        "changed": windows[0],
        "form": WindowForm("w1", person="p1", reason="pipes", days=(7,)),
    }
    page = PAGES.render("windows", language=Language.EN, **context)
    assert 'action="/windows/w1"' in page
    assert 'id="where"' not in page
    assert '<option value="p1" selected>' in page
    assert re.findall(r'name="days" value="(\d)" checked', page) == ["7"]
    assert "End it now" not in page


def test_a_detectors_page_says_nothing_of_missing_messages_that_nobody_watches() -> None:
    context = {**contexts(Language.EN, PAGES.asset)["detector"], "missing": None}
    assert 'id="missing"' not in PAGES.render("detector", language=Language.EN, **context)
