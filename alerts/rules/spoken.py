"""What a call says: the text without what only a text needs, and which key takes over."""

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
    said = said.replace(REPLY[language].format(reply_code), "", 1).rstrip("。. ")
    return f"{said}{'。' if language is Language.ZH else '. '}{PRESS[language]}"
