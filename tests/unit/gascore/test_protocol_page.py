"""docs/protocol.md says what happens to each of its examples; here it happens."""

import re
from pathlib import Path

import pytest

from gascore.wire import Rejected, RejectReason, Status, decode_status

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
EXAMPLES = re.findall(r"```json ([^\n]+)\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_has_examples_of_both_kinds() -> None:
    words = [info.split("=")[0].split()[0] for info, _ in EXAMPLES]
    assert words.count("accepted") >= 4
    assert words.count("rejected") >= 5


@pytest.mark.parametrize(("info", "payload"), EXAMPLES)
def test_what_the_page_says_of_an_example_happens(info: str, payload: str) -> None:
    result = decode_status(payload.encode())
    if info.startswith("rejected="):
        assert isinstance(result, Rejected)
        assert result.reason is RejectReason(info.removeprefix("rejected="))
    else:
        assert isinstance(result, Status)
        expected = info.partition("faults=")[2]
        if expected:
            assert result.faults == tuple(expected.split(","))


def test_the_page_lists_every_reason_to_refuse() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(RejectReason) <= listed


def test_the_page_lists_every_key_of_a_status() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(Status.__struct_fields__) <= listed
