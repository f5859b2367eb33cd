"""Which of a provider's codes speak of the number itself, and not of us, of the provider or of the words.

Only these may make a person unreachable: a withdrawn template, a budget or a missing channel would else mark a whole
town. A code that is not listed proves nothing. Sources, as of 2026: Twilio's error dictionary (twilio.com/docs/api/errors);
Aliyun's and Tencent's as in `alerts.rules.china_codes`; the networks' words in receipts are those of the CMPP and SGIP
protocols (status reports of China Mobile and China Unicom) and Tencent's descriptions (cloud.tencent.com 382/3771).
"""

from collections.abc import Mapping
from typing import Final

OPTED_OUT: Final = "21610"
"""Twilio: the number has opted out; the same as a "STOP" that we did not see."""
_NETWORKS: Final = frozenset(
    {
        "MK:*",  # the exchange: no such subscriber, barred, off
        "MI:*",  # the register of subscribers: same
        "MN:*",
        "UNDELIV",  # barred or suspended
        "EXPIRED",  # off for longer than the network keeps a text
    }
)
REFUSES: Final[Mapping[str, frozenset[str]]] = {
    "twilio_sms": frozenset(
        {
            "21211",  # not a number
            "21217",  # not a number
            "21265",  # is a short code
            OPTED_OUT,
            "21614",  # not a mobile number
            "21635",  # a landline
        }
    ),
    "aliyun_sms": frozenset({"isv.MOBILE_NUMBER_ILLEGAL"}),
    "tencent_sms": frozenset(
        {
            "InvalidParameterValue.IncorrectPhoneNumber",
            "FailedOperation.PhoneNumberInBlacklist",  # has opted out, or the network bars it
        }
    ),
}
"""A request that was refused for its number: it would be again."""
LOSES: Final[Mapping[str, frozenset[str]]] = {
    "twilio_sms": frozenset(
        {
            "30003",  # handset off or out of reach
            "30005",  # unknown: in no network any more
            "30006",  # a landline, or a network that can't be reached
            OPTED_OUT,
        }
    ),
    "aliyun_sms": _NETWORKS,
    "tencent_sms": _NETWORKS | {"*空号*", "*停机*", "*关机*", "*不在服务区*", "*无法接通*", "*号码不存在*"},
}
"""A text that was taken and did not arrive for its number's sake. One may have been off: two in a row prove it."""


def refuses(provider: str | None, code: str | None) -> bool:
    """Whether this refusal is the number's."""
    return _in(code, REFUSES.get(provider or "", frozenset()))


def loses(provider: str | None, code: str | None) -> bool:
    """Whether this failed receipt is the number's.

    >>> loses("aliyun_sms", "MK:0008"), loses("tencent_sms", "用户停机"), loses("twilio_sms", "30007")
    (True, True, False)
    """
    return _in(code, LOSES.get(provider or "", frozenset()))


def _in(code: str | None, codes: frozenset[str]) -> bool:
    if not code:
        return False
    return any(_is(code, one) for one in codes)


def _is(code: str, pattern: str) -> bool:
    bare = pattern.strip("*")
    if pattern.startswith("*"):
        return bare in code
    return code.startswith(bare) if pattern.endswith("*") else code == bare
