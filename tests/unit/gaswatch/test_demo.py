"""A demo never leaves this machine, and never touches somebody's real data."""

from pathlib import Path

import pytest

from gascore.registry import Area, Ledger, Site, SiteKind
from gascore.words import AreaId, SiteId
from gaswatch import canaries, demo
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from simulator.rules.town import people_of
from support.clock import ManualClock


def test_a_real_sms_account_in_the_environment_is_never_used(tmp_path: Path) -> None:
    given = {
        "TWILIO_ACCOUNT_SID": "ACreal",
        "TWILIO_AUTH_TOKEN": "real",
        "GASWATCH_TWILIO_FROM": "+8613800000000",
        "GASWATCH_TWILIO_URL": "https://api.twilio.com",
    }
    added = demo.environment(given, Settings(data_dir=tmp_path, phones_port=9999))
    assert added["GASWATCH_TWILIO_URL"] == "http://127.0.0.1:9999"
    assert all(added[key] != value for key, value in given.items())
    assert len(added["TWILIO_ACCOUNT_SID"]) == 34


def test_a_setting_that_is_given_stays(tmp_path: Path) -> None:
    added = demo.environment({"GASWATCH_OFFLINE_MIN_S": "60"}, Settings(data_dir=tmp_path))
    assert "GASWATCH_OFFLINE_MIN_S" not in added
    assert demo.environment({}, Settings(data_dir=tmp_path))["GASWATCH_OFFLINE_MIN_S"] == "30"


def test_the_phones_are_reached_on_this_machine_when_the_console_listens_everywhere(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http_host="0.0.0.0")  # noqa: S104 -- nobody listens here
    assert demo.environment({}, settings)["GASWATCH_TWILIO_URL"] == "http://127.0.0.1:8081"


def test_the_demo_has_a_data_folder_of_its_own_unless_one_is_set(tmp_path: Path) -> None:
    assert demo.data_dir(Settings()) == Path("var/demo")
    assert demo.data_dir(Settings(data_dir=tmp_path)) == tmp_path


def test_the_town_is_entered_once_and_not_changed_by_the_next_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    metadata.create_all(open_engine(settings.database))
    assert demo.seed(settings, ManualClock()) > 200
    assert demo.seed(settings, ManualClock()) == 0


def test_the_next_start_does_not_take_the_test_leaks_place_for_somebodys(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    demo.seed(settings, ManualClock())
    area, _, phone = demo.environment({}, settings)["GASWATCH_CANARY"].partition("=")
    canaries.seed(SqlRegistry(engine), {area: phone}, 1)
    demo.seed(settings, ManualClock())
    assert phone not in people_of(demo.town(settings).ledger)


def test_a_store_with_somebodys_real_sites_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    area = Area(AreaId("T"), "镇", "Town")
    site = Site(
        id=SiteId("REAL-1"),
        name="真饭店",
        name_en="Real",
        short_name="真饭店",
        short_name_en="Real",
        kind=SiteKind.RESTAURANT,
        area=area.id,
        address="人民路1号",
    )
    SqlRegistry(engine).put(Ledger(areas=(area,), sites=(site,)), by="test", at_ms=1)
    with pytest.raises(demo.DemoError, match=r"holds a ledger that is not the demo's \(site REAL-1\)"):
        demo.seed(settings, ManualClock())


def test_the_banner_is_one_screen_with_addresses_users_and_honest_words(tmp_path: Path) -> None:
    text = demo.banner(Settings(data_dir=tmp_path), {"operator": "secret"})
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 120 + len(str(tmp_path))
    for words in (
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8081/",
        "operator / secret",
        "local demo passwords",
    ):
        assert words in text
