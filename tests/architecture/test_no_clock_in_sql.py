"""docs/adr/0003: no statement asks the database for the time; instants are arguments."""

import re

from support.house import PACKAGES, texts

SQL_CLOCK = re.compile(
    r"func\.(now|current_\w+|localtime\w*|clock_timestamp|statement_timestamp|unixepoch|julianday|strftime)\b"
    r"|\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\bnow\(\)|'now'|unixepoch\(",
    re.IGNORECASE,
)


def test_the_database_is_never_asked_for_the_time() -> None:
    found = [
        f"{path}: {match[0]}"
        for path, text in texts()
        if path.suffix == ".py" and path.parts[0] in PACKAGES and (match := SQL_CLOCK.search(text))
    ]
    assert found == []
