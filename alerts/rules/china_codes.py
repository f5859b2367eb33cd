"""What Aliyun's and Tencent's codes mean: for this message or number, for now, or for our whole account.

Aliyun: help.aliyun.com "API 错误码" of SMS (101346) and voice (112502). Tencent: cloud.tencent.com 382/59177. As of 2026;
a code that is not listed is judged by its HTTP status, as with Twilio (`alerts.rules.provider_codes`).
"""

from dataclasses import dataclass
from typing import Final

from alerts.rules.delivery import LONGEST_RETRY_MS, NoAnswer, Refused, Sent, TryLater
from alerts.rules.provider_codes import by_status


@dataclass(frozen=True, slots=True)
class Codes:
    """A provider's codes; one ending in "." or "*" stands for all that begin so. What is listed in full goes first.

    Attributes:
        refused: this number or message never, whoever carries it: the next hop is taken at once.
        elsewhere: not by this provider, or not today: the next provider is asked, then the next hop taken.
        template: same, because a template is withdrawn or does not fit; somebody must mend that.
        account: nobody can be told until somebody mends it.
        later: too many requests, or out of service: nothing was sent.
        unclear: the provider's own trouble: it may have been sent.
    """

    refused: frozenset[str]
    elsewhere: frozenset[str]
    template: frozenset[str]
    account: frozenset[str]
    later: frozenset[str]
    unclear: frozenset[str]

    def meaning(self, code: str, status: int = 200) -> Sent:
        """The outcome of a request that was answered with this code and this HTTP status."""
        meant: tuple[tuple[frozenset[str], Sent], ...] = (
            (self.refused, Refused(code)),
            (self.elsewhere, Refused(code, elsewhere=True)),
            (self.template, Refused(code, elsewhere=True, ours=True)),
            (self.account, TryLater(code, LONGEST_RETRY_MS, account=True)),
            (self.later, TryLater(code)),
            (self.unclear, NoAnswer(code)),
        )
        in_full = next((sent for codes, sent in meant if code in codes), None)
        found = in_full or next((sent for codes, sent in meant if _begins(code, codes)), None)
        return found or by_status(code, status)


ALIYUN: Final = Codes(
    refused=frozenset(
        {
            "isv.MOBILE_NUMBER_ILLEGAL",  # not a number
        }
    ),
    elsewhere=frozenset(
        {
            "isv.BUSINESS_LIMIT_CONTROL",  # this number has had its share (50 a day, calls 1 a minute): for now
            "isv.DAY_LIMIT_CONTROL",  # same, of the day
            "isv.BLACK_KEY_CONTROL_LIMIT",  # a word in a variable is forbidden
        }
    ),
    template=frozenset(
        {
            "isv.SMS_TEMPLATE_ILLEGAL",  # no such template, or not approved
            "isv.TTS_TEMPLATE_ILLEGAL",  # same, of calls
            "isv.TEMPLATE_MISSING_PARAMETERS",
            "isv.TEMPLATE_PARAMS_ILLEGAL",
            "isv.PARAM_LENGTH_LIMIT",  # a variable is too long
            "isv.PARAM_NOT_SUPPORT_URL",
            "isv.INVALID_PARAMETERS",
            "isv.INVALID_JSON_PARAM",
        }
    ),
    account=frozenset(
        {
            "isv.AMOUNT_NOT_ENOUGH",  # no money
            "isv.OUT_OF_SERVICE",  # same
            "isv.PRODUCT_UN_SUBSCRIPT",
            "isv.PRODUCT_UNSUBSCRIBE",
            "isv.ACCOUNT_NOT_EXISTS",
            "isv.ACCOUNT_ABNORMAL",
            "isv.SMS_SIGNATURE_ILLEGAL",  # no such signature, or not approved
            "isv.VOICE_NUMBER_ILLEGAL",  # the number that calls is not ours
            "isv.DENY_IP_RANGE",
            "isp.RAM_PERMISSION_DENY",
            "InvalidAccessKeyId.",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "InvalidTimeStamp.",  # our clock is wrong
            "Forbidden.",
            "NoPermission",
        }
    ),
    later=frozenset({"Throttling*", "ServiceUnavailable*"}),
    unclear=frozenset({"isp.", "InternalError*"}),
)

TENCENT: Final = Codes(
    refused=frozenset(
        {
            "InvalidParameterValue.IncorrectPhoneNumber",
            "FailedOperation.PhoneNumberInBlacklist",  # has opted out
        }
    ),
    elsewhere=frozenset(
        {
            "LimitExceeded.PhoneNumber*",  # this number has had its share: for now
            "LimitExceeded.DeliveryFrequencyLimit",  # same: a limit that we set ourselves at the provider
            "FailedOperation.ContainSensitiveWord",
            "UnsupportedOperation.",
        }
    ),
    template=frozenset(
        {
            "FailedOperation.TemplateIncorrectOrUnapproved",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
            "InvalidParameterValue.TemplateParameter*",
        }
    ),
    account=frozenset(
        {
            "FailedOperation.InsufficientBalanceInSmsPackage",
            "FailedOperation.SignatureIncorrectOrUnapproved",
            "FailedOperation.ForbidAddMarketingTemplates",
            "UnauthorizedOperation*",
            "AuthFailure*",
            "LimitExceeded.AppDailyLimit",
            "LimitExceeded.DailyLimit",
            "LimitExceeded.AppCountryOrRegion*",
            "InvalidParameterValue.SdkAppIdNotExist",
        }
    ),
    later=frozenset({"RequestLimitExceeded*"}),
    unclear=frozenset({"InternalError*"}),
)


def _begins(code: str, codes: frozenset[str]) -> bool:
    return any(it[-1] in ".*" and code.startswith(it.rstrip("*")) for it in codes)
