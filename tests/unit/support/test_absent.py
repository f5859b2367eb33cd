"""What happens to the tests of a server that a machine lacks."""

import pytest

from support.absent import absent


def test_by_hand_they_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED"):
        absent("a server IS NOT TESTED")


def test_in_continuous_integration_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="NOT TESTED"):
        absent("a server IS NOT TESTED")
