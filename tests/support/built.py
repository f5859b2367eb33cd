"""Pages with their scripts, styles and translations built, as an installed wheel has them."""

from functools import cache
from pathlib import Path

import hatch_build
from dashboard.adapters.web.render import Pages

ROOT = Path(__file__).resolve().parents[2]


@cache
def build_once() -> None:
    """Build what is missing or out of date; nothing when all is there."""
    hatch_build.build(ROOT)


def built_pages(timezone: str = "Asia/Shanghai") -> Pages:
    """The real pages."""
    build_once()
    return Pages(timezone)
