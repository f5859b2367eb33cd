"""By what a number is tested; the same as what could carry a text or a call to it."""

from pathlib import Path
from typing import Final

import pytest

from alerts.adapters.template_file import written
from alerts.service import Switchboard
from gascore.alarm import ChannelKind
from gaswatch.settings import load
from gaswatch.wiring.alerts import channels_of
from gaswatch.wiring.ways import way_of
from support.clock import ManualClock
from support.letters import a_book

MOBILE: Final = "+8613912345678"
LANDLINE: Final = "+861012345678"
ABROAD: Final = "+4915123456789"
TWILIO: Final = {
    "twilio_account_sid": "AC1",
    "twilio_auth_token": "t",
    "twilio_from": "+15005550006",
    "public_url": "https://gas.example.org",
}
VOICE: Final = {"twilio_voice_from": "+15005550006"}
ALIYUN: Final = {"aliyun_access_key_id": "id", "aliyun_access_key_secret": "secret"}
TENCENT: Final = {"tencent_secret_id": "id", "tencent_secret_key": "key", "tencent_sms_app_id": "1400"}


def templates(tmp_path: Path) -> str:
    path = tmp_path / "templates.toml"
    names = ("aliyun_sms", "aliyun_voice", "tencent_sms")
    books = {name: a_book(spoken=name == "aliyun_voice") for name in names}
    path.write_text(
        "".join(written(name, next(iter(one.entries.values()))) for name, one in books.items()), "utf-8"
    )
    return str(path)


@pytest.mark.parametrize("phone", [MOBILE, LANDLINE, ABROAD, "+999", "139"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        TWILIO,
        TWILIO | VOICE,
        TWILIO | VOICE | {"twilio_url": "http://127.0.0.1:9"},
        ALIYUN,
        ALIYUN | {"aliyun_voice_number": "057100000000"},
        TENCENT,
        TWILIO | VOICE | TENCENT | ALIYUN | {"aliyun_voice_number": "057100000000"},
    ],
)
def test_a_number_is_tested_by_what_carries_something_to_it(
    settings: dict[str, str], phone: str, tmp_path: Path
) -> None:
    made = load(**settings, templates=templates(tmp_path))
    board = Switchboard(channels_of(made, ManualClock(0)), ManualClock(0))
    kinds = (ChannelKind.SMS, ChannelKind.VOICE)
    assert way_of(made)(phone) == next((one for one in kinds if board.for_(one, phone)), None)


def test_a_landline_is_called() -> None:
    way = way_of(load(**ALIYUN, aliyun_voice_number="0571", templates="t.toml"))
    assert (way(MOBILE), way(LANDLINE), way(ABROAD)) == (ChannelKind.SMS, ChannelKind.VOICE, None)
