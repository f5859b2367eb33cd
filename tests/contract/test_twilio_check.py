"""`gaswatch check` asks the provider itself, and says in one line what to do."""

from collections.abc import Iterator

import pytest

from gaswatch.settings import Settings
from gaswatch.twilio_check import TwilioSaid, twilio_said
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier() as running:
        yield running


def said(url: str, *, has_others: bool = False, **changes: str) -> list[TwilioSaid]:
    given = {
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_from": SENDER,
        "twilio_voice_from": SENDER,
        "twilio_url": url,
    }
    settings = Settings(**(given | changes))  # type: ignore[arg-type]  # pydantic makes of them what it needs
    return list(twilio_said(settings, has_others=has_others))


def test_an_account_that_is_let_in_is_fine_for_texts_and_calls(carrier: RunningCarrier) -> None:
    assert said(carrier.url) == [
        TwilioSaid("sms", True, f"twilio_sms: {carrier.url} lets account {ACCOUNT[:6]}… in"),
        TwilioSaid("voice", True, f"twilio_voice: {carrier.url} lets account {ACCOUNT[:6]}… in"),
    ]


def test_without_a_number_that_calls_nobody_is_called(carrier: RunningCarrier) -> None:
    assert [(one.what, one.is_good) for one in said(carrier.url, twilio_voice_from="")] == [
        ("sms", True),
        ("voice", None),
    ]


def test_a_wrong_token_is_named(carrier: RunningCarrier) -> None:
    assert {(one.is_good, one.detail) for one in said(carrier.url, twilio_auth_token="other")} == {
        (False, "the account is refused: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    }


def test_an_address_where_nobody_listens_is_named() -> None:
    assert all("does not answer (no_connection)" in one.detail for one in said("http://127.0.0.1:9"))


def test_without_an_account_nobody_can_be_told_unless_by_others() -> None:
    ((_, alone, detail),) = said("", twilio_account_sid="")
    assert alone is False
    assert detail.startswith("nobody can be told: set TWILIO_ACCOUNT_SID")
    ((_, beside_others, _),) = said("", has_others=True, twilio_account_sid="")
    assert beside_others is None
