"""Small facts of the carrier: segments, signatures, refusals."""

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it ships no types

from gascore.registry import Role
from simulator.rules.names import ROLES
from simulator.rules.twilio import error, refusal, segments, signature

FORM = {"To": "+8610000000001", "From": "+15005550006", "Body": "x"}


def test_a_signature_is_the_one_that_twilios_own_validator_computes() -> None:
    url = "https://gas.example/webhooks/twilio/status?notice=7"
    fields = {"To": "+861", "Body": "泄漏 & more", "From": "", "MessageSid": "SM1"}
    assert signature("secret", url, fields) == RequestValidator("secret").compute_signature(url, fields)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("a" * 307, 3),
        ("气" * 67 * 2, 2),
        ("🔥" * 35, 1),
        ("🔥" * 36, 2),
    ],
)
def test_segments_are_counted_as_the_networks_count_them(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"From": "", "MessagingServiceSid": "MG" + "a" * 32}, None),
        ({"MessagingServiceSid": "MGnonsense"}, 21606),
        ({"From": "gaswatch"}, 21212),
        ({"To": "110"}, 21211),
    ],
)
def test_a_request_is_refused_for_what_is_wrong_in_it(changes: dict[str, str], code: int | None) -> None:
    refused = refusal(FORM | changes)
    assert (None if refused is None else refused.code) == code


def test_a_code_without_a_text_is_still_an_answer() -> None:
    assert error(39999).body()["more_info"] == "https://www.twilio.com/docs/errors/39999"


def test_every_role_has_a_name_on_the_phones_page() -> None:
    assert set(ROLES) == {role.value for role in Role}
