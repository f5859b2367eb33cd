"""Which channels the settings make, and what is said when one can't be made."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.adapters.im_bot import Room
from alerts.adapters.mail import Server
from alerts.adapters.template_file import written
from alerts.rules.countries import CHINA_ONLY
from alerts.service import Registered, Switchboard
from gascore.alarm import ChannelKind
from gaswatch.channels_check import Heard, answers_heard, channels_heard
from gaswatch.settings import SettingsError, load
from gaswatch.wiring.alerts import channels_of
from gaswatch.wiring.channels import mail_of, more_channels, rooms_of, template_defects
from support.clock import ManualClock
from support.letters import a_book

ALIYUN = {"aliyun_access_key_id": "id", "aliyun_access_key_secret": "secret", "aliyun_voice_number": "0571"}
TENCENT = {"tencent_secret_id": "id", "tencent_secret_key": "key", "tencent_sms_app_id": "1400"}


def made(**settings: object) -> list[Registered]:
    return list(more_channels(load(**settings), ManualClock(0)))


def approved(tmp_path: Path, *providers: str) -> str:
    path = tmp_path / "templates.toml"
    text = ""
    for name in providers:
        book = a_book(spoken=name == "aliyun_voice")
        text += written(name, next(iter(book.entries.values())))
    path.write_text(text, "utf-8")
    return str(path)


def test_without_settings_there_is_none() -> None:
    assert made() == []


def test_each_channel_that_is_set_up_is_there_and_those_of_the_mainland_reach_it_alone(
    tmp_path: Path,
) -> None:
    templates = approved(tmp_path, "aliyun_sms", "aliyun_voice", "tencent_sms")
    found = made(
        **ALIYUN,
        **TENCENT,
        templates=templates,
        webhook_urls="ops=https://ops.example.org/gas",
        webhook_secret="s",
        im_urls="duty=https://oapi.dingtalk.com/robot/send?access_token=a#SEC1",
        smtp_url="smtp://gas:pa%40ss@mail.example.org",
        mail_from="gas@example.org",
    )
    assert [one.channel.name for one in found] == [
        "aliyun_sms",
        "aliyun_voice",
        "tencent_sms",
        "webhook",
        "im_bot",
        "email",
    ]
    assert [one.coverage is CHINA_ONLY for one in found] == [True, True, True, False, False, False]


TWILIO = {
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "token",
    "twilio_from": "+15005550006",
    "public_url": "https://gas.example.org",
}
TOKEN = {"callback_token": "a-secret-of-24-letters-x"}
CHINESE, GERMAN = "+8613912345678", "+4915112345678"


def test_a_phone_of_the_mainland_gets_texts_that_it_can_answer_though_twilio_is_set_up_too(
    tmp_path: Path,
) -> None:
    templates = approved(tmp_path, "aliyun_sms", "aliyun_voice", "tencent_sms")
    settings = {**TWILIO, **ALIYUN, **TENCENT, "templates": templates}
    clock = ManualClock(0)
    board = Switchboard(channels_of(load(**settings, **TOKEN), clock), clock)
    chinese = [one.name for one in board.for_(ChannelKind.SMS, CHINESE)]
    assert chinese == ["aliyun_sms", "tencent_sms", "twilio_sms"]
    assert [one.name for one in board.for_(ChannelKind.SMS, GERMAN)] == ["twilio_sms"]
    assert board.can_answer(ChannelKind.SMS, CHINESE)
    deaf = Switchboard(channels_of(load(**settings), clock), clock)
    assert not deaf.can_answer(ChannelKind.SMS, CHINESE)
    assert not deaf.can_answer(ChannelKind.VOICE, CHINESE)
    assert deaf.can_answer(ChannelKind.SMS, GERMAN)


def test_check_says_which_channels_ask_for_answers_that_cant_arrive(tmp_path: Path) -> None:
    templates = approved(tmp_path, "aliyun_sms", "aliyun_voice", "tencent_sms")
    settings = load(**ALIYUN, **TENCENT, templates=templates)
    said = [(one.name, one.works, one.detail) for one in answers_heard(settings)]
    do = "set GASWATCH_CALLBACK_TOKEN, and enter the callbacks at the provider (docs/deployment.md)"
    text = f"sends texts that nobody can answer: {do}"
    assert said == [
        ("sms", None, f"aliyun_sms {text}"),
        (
            "voice",
            False,
            f"aliyun_voice asks for key 1, but nobody hears it: {do}",
        ),
        ("sms", None, f"tencent_sms {text}"),
    ]
    assert list(answers_heard(load(**ALIYUN, **TENCENT, **TOKEN, templates=templates))) == []
    private = load(**{**TWILIO, "public_url": ""})
    (twilio,) = answers_heard(private)
    assert twilio.detail == (
        "twilio_sms sends texts that nobody can answer: set GASWATCH_PUBLIC_URL to an address that Twilio reaches"
    )


def test_a_missing_template_stops_the_start_in_one_line(tmp_path: Path) -> None:
    settings = {**ALIYUN, "templates": approved(tmp_path, "aliyun_sms")}
    with pytest.raises(SettingsError) as raised:
        made(**settings)
    assert str(raised.value) == (
        "GASWATCH_TEMPLATES: aliyun_voice: has no templates; `gaswatch templates aliyun_voice` writes those to have"
        " approved"
    )
    assert len(template_defects(load(**settings))) == 1


def test_a_missing_file_of_templates_stops_the_start_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set GASWATCH_TEMPLATES to the file of templates"):
        made(**TENCENT, templates=str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"aliyun_access_key_id": "id"}, "GASWATCH_ALIYUN_ACCESS_KEY_ID needs GASWATCH_TEMPLATES"),
        ({"webhook_urls": "a=https://a.example.org"}, "needs GASWATCH_WEBHOOK_SECRET"),
        ({"smtp_url": "smtps://mail.example.org"}, "needs GASWATCH_MAIL_FROM"),
        ({"webhook_urls": "https://a.example.org"}, "must be name=https://"),
        ({"im_urls": "a=ftp://a.example.org"}, "must be name=https://"),
        ({"smtp_url": "mail.example.org"}, "must be smtp://"),
        ({"callback_token": "short"}, "at least 16 letters and digits"),
        ({"callback_sources": "203.0.113.300/24"}, "must be networks"),
        ({"aliyun_sms_url": "https://a.example.org/path"}, "without a path"),
    ],
)
def test_nonsense_is_said_in_one_line_without_a_secret(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(**settings)
    assert said in str(raised.value)
    assert "short" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_robots_secret_stands_behind_its_address() -> None:
    url = "https://open.feishu.cn/open-apis/bot/v2/hook/a"
    assert rooms_of(load(im_urls=f"duty={url}#S%2B1, other={url}")) == {
        "duty": Room(url, "S+1"),
        "other": Room(url),
    }
    with pytest.raises(SettingsError, match="GASWATCH_IM_URLS: duty is no robot"):
        rooms_of(load(im_urls="duty=https://example.org/hook"))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://gas:pa%40ss@m.org", Server("m.org", 587, "g@m.org", "gas", "pa@ss", "starttls")),
        ("smtps://m.org:4650", Server("m.org", 4650, "g@m.org", safety="tls")),
        ("smtp+plain://localhost", Server("localhost", 25, "g@m.org", safety="none")),
    ],
)
def test_an_address_says_how_mail_is_handed_in(url: str, server: Server) -> None:
    assert mail_of(load(smtp_url=url, mail_from="g@m.org")) == server


def test_networks_of_callbacks_are_read_from_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GASWATCH_CALLBACK_SOURCES", "203.0.113.0/24, 2001:db8::/32")
    assert load().callback_sources == ("203.0.113.0/24", "2001:db8::/32")


def test_check_names_every_defect_of_a_template_and_then_each_channel(tmp_path: Path) -> None:
    partly = load(**{**ALIYUN, **TENCENT, "templates": approved(tmp_path, "aliyun_sms")})
    assert [(one.name, one.works) for one in channels_heard(partly)] == [("templates", False)] * 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = load(
        **TENCENT,
        tencent_sms_url=url,
        templates=approved(tmp_path, "tencent_sms"),
        webhook_urls="ops=https://ops.example.org/gas",
        webhook_secret="s",
    )
    assert list(channels_heard(settings)) == [
        Heard("sms", works=False, detail="tencent_sms does not work: no_connection"),
        Heard("webhook", works=True, detail="webhook is set up"),
    ]


@pytest.mark.parametrize(
    ("settings", "module", "said"),
    [
        (
            ALIYUN,
            "alibabacloud_tea_openapi.models",
            "aliyun is set up, but its library is missing: pip install",
        ),
        (ALIYUN, "alibabacloud_dysmsapi20170525", "pip install 'gaswatch[aliyun]'"),
        (TENCENT, "tencentcloud.common", "pip install 'gaswatch[tencent]'"),
    ],
)
def test_a_library_that_is_not_installed_is_said_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], module: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    templates = approved(tmp_path, "aliyun_sms", "aliyun_voice", "tencent_sms")
    with pytest.raises(SettingsError) as raised:
        made(**settings, templates=templates)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_an_account_no_providers_library_is_imported() -> None:
    program = (
        "import sys; from gaswatch.settings import load; from gaswatch.clock import SystemClock;"
        "from gaswatch.wiring.alerts import channels_of; channels_of(load(), SystemClock());"
        "print([name for name in sys.modules if name.startswith(('alibabacloud', 'tencentcloud', 'Tea', 'darabonba'))])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.strip() == "[]"


def test_what_is_missing_beside_a_secret_is_said_without_the_secret() -> None:
    with pytest.raises(SettingsError) as raised:
        load(tencent_secret_id="id", tencent_secret_key="hidden")
    assert str(raised.value) == "GASWATCH_TENCENT_SECRET_ID needs GASWATCH_TEMPLATES, too"
