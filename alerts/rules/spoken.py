"""What a text becomes where it can't be answered as it says: in a call, and where no reply comes back."""

from alerts.rules.words_of_texts import REPLY, SIGNATURE
from gascore.voice import PRESS
from gascore.words import Language


def spoken(text: str, language: Language, reply_code: str | None) -> str:
    """A text as it is read aloud; with a code to answer, it ends with the key to press.

    >>> spoken("【燃气监管】李家面馆燃气泄漏。回101接手", Language.ZH, "101")
    '李家面馆燃气泄漏。接手请按1。'
    """
    said = text.replace(SIGNATURE[language], "", 1).strip()
    if reply_code is None:
        return said
    asking = said
    said = one_way(asking, language, reply_code)
    if said == asking:
        return said  # it names the key itself
    said = said.rstrip("。. ")
    return f"{said}{'。' if language is Language.ZH else '. '}{PRESS[language]}"


def one_way(text: str, language: Language, reply_code: str) -> str:
    """A text without the request for a reply, which would not come back.

    >>> one_way("【燃气监管】李家面馆燃气泄漏。回101接手", Language.ZH, "101")
    '【燃气监管】李家面馆燃气泄漏'
    """
    return text.replace(REPLY[language].format(reply_code), "", 1)
