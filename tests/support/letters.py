"""A letter as the courier hands it to a channel, and the books of templates for it."""

from typing import Final

from alerts.rules.letters import Letter
from alerts.rules.templates import Book, Template, proposed
from gascore.words import Language, NoticeId, Priority

PHONE: Final = "+8613800000001"
SINCE_MS: Final = 1_790_000_000_000
SIGNATURE: Final = "燃气监管"


def a_letter(
    *,
    notice: int = 7,
    address: str = PHONE,
    provider_id: str | None = None,
    template: str | None = "leak.raised",
) -> Letter:
    """A leak in a kitchen."""
    return Letter(
        notice=NoticeId(notice),
        address=address,
        text="【燃气监管】李家面馆厨房燃气泄漏高限62%LEL,22:13。关阀禁火禁电,撤到室外拨119。回137接手",
        language=Language.ZH,
        urgency=Priority.URGENT,
        valid_ms=300_000,
        since_ms=SINCE_MS,
        template=template,
        params={"place": "李家面馆厨房", "level": "高限62%LEL", "when": "22:13", "code": "137"},
        reply_code="137",
        provider_id=provider_id,
    )


def a_book(*, spoken: bool = False) -> Book:
    """All proposed templates, approved."""
    texts = {name: Template(f"T.{name}", one.text) for name, one in proposed(spoken=spoken).items()}
    return Book("" if spoken else SIGNATURE, spoken=spoken, entries={Language.ZH: texts})
