"""What Aliyun's and Tencent's codes mean: for this message or number, for now, or for our whole account.

Aliyun: help.aliyun.com "API 错误码" of SMS (101346) and voice (112502). Tencent: cloud.tencent.com 382/59177. As of 2026;
a code that is not listed is judged by its HTTP status, as with Twilio (`alerts.rules.provider_codes`).
"""

from dataclasses import dataclass
from typing import Final

from alerts.rules.delivery import LONGEST_RETRY_MS, NoAnswer, Refused, Sent, TryLater

_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Codes:
    """A provider's codes; one ending in "." or "*" stands for all that begin so.

    Attributes:
        refused: this number or message never, or not today: the next hop is taken at once.
        account: nobody can be told until somebody mends it.
        later: the provider's own trouble, or too many requests.
        unclear: it may have been sent.
    """

    refused: frozenset[str]
    account: frozenset[str]
    later: frozenset[str]
    unclear: frozenset[str] = frozenset()

    def meaning(self, code: str, status: int = 200) -> Sent:
        """The outcome of a request that was answered with this code and this HTTP status."""
        if _in(code, self.unclear):
            return NoAnswer(code)
        if _in(code, self.refused):
            return Refused(code)
        if _in(code, self.account):
            return TryLater(code, LONGEST_RETRY_MS, account=True)
        if _in(code, self.later) or status == _TOO_MANY or status >= _SERVER_ERROR:
            return TryLater(code)
        return Refused(code)


ALIYUN: Final = Codes(
    refused=frozenset(
        {
            "isv.MOBILE_NUMBER_ILLEGAL",  # not a number
            "isv.BUSINESS_LIMIT_CONTROL",  # this number has had its share (50 a day, calls 1 a minute): for now
            "isv.DAY_LIMIT_CONTROL",  # same, of the day
            "isv.BLACK_KEY_CONTROL_LIMIT",  # a word in a variable is forbidden
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
    later=frozenset({"isp.", "Throttling*", "ServiceUnavailable*", "InternalError*"}),
)

TENCENT: Final = Codes(
    refused=frozenset(
        {
            "InvalidParameterValue.IncorrectPhoneNumber",
            "FailedOperation.PhoneNumberInBlacklist",  # has opted out
            "LimitExceeded.PhoneNumber*",  # this number has had its share: for now
            "FailedOperation.ContainSensitiveWord",
            "FailedOperation.TemplateIncorrectOrUnapproved",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
            "InvalidParameterValue.TemplateParameter*",
            "UnsupportedOperation.",
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
    later=frozenset({"RequestLimitExceeded*", "InternalError*", "LimitExceeded.DeliveryFrequencyLimit"}),
    unclear=frozenset({"InternalError.Timeout", "InternalError.SendAndRecvFail"}),
)


def _in(code: str, codes: frozenset[str]) -> bool:
    return code in codes or any(it[-1] in ".*" and code.startswith(it.rstrip("*")) for it in codes)
