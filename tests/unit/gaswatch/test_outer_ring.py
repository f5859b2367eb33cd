"""Small parts of the outer ring: ports, the lock, what an error says, what a log shows."""

import json
import logging as std_logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from gascore.journal import StoreDownError
from gaswatch import logging
from gaswatch.cli import ServiceName, seconds
from gaswatch.errors import line_of
from gaswatch.lock import AlreadyRunningError, only_one
from gaswatch.network import PortBusyError, answers, free_port, is_free, need_free
from gaswatch.process import SERVICES
from gaswatch.settings import SettingsError


def test_a_port_that_somebody_listens_on_is_busy_and_answers() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        assert answers("127.0.0.1", port)
        with pytest.raises(PortBusyError, match=rf"^GASWATCH_X_PORT: port {port} on 127.0.0.1 is in use"):
            need_free("127.0.0.1", port, "GASWATCH_X_PORT")
    free = free_port("127.0.0.1")
    assert is_free("127.0.0.1", free)
    assert not answers("127.0.0.1", free)


def test_an_address_that_is_not_ours_is_said_with_the_settings_name() -> None:
    with pytest.raises(PortBusyError, match=r"^GASWATCH_HTTP_PORT: port 8080 on 192\.0\.2\.1 can't be used"):
        need_free("192.0.2.1", 8080, "GASWATCH_HTTP_PORT")


def test_the_lock_is_given_back_however_its_holder_ends(tmp_path: Path) -> None:
    def fail_while_holding() -> None:
        with only_one(tmp_path):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_holding()
    with only_one(tmp_path), pytest.raises(AlreadyRunningError), only_one(tmp_path):
        pass


def test_an_error_that_a_user_can_mend_is_one_line_and_a_defect_is_none() -> None:
    assert line_of(StoreDownError("it is\n  locked")) == "it is locked"
    assert line_of(ExceptionGroup("tasks", [SettingsError("KEY: no")])) == "KEY: no"
    assert line_of(ExceptionGroup("tasks", [SettingsError("KEY: no"), ZeroDivisionError()])) is None
    refused = line_of(PermissionError(13, "Permission denied", "/data/x"))
    assert refused is not None
    assert refused.startswith("/data/x: Permission denied; ")
    assert "GASWATCH_DATA_DIR" in refused
    assert line_of(ZeroDivisionError()) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("2m", 120), ("1h", 3600), ("1.5m", 90), ("7", 7)]
)
def test_durations_are_read_with_their_units(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_the_command_runs_the_services_that_there_are() -> None:
    assert tuple(ServiceName) == SERVICES


def test_a_process_may_hold_as_many_connections_as_the_system_lets_it() -> None:
    code = (
        "import resource as r; from gaswatch.process import allow_connections as allow; k = r.RLIMIT_NOFILE; "
        "r.setrlimit(k, (256, 2048)); allow(); print(*r.getrlimit(k))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["2048", "2048"]


def test_a_logged_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(password: str) -> int:
        return len(password) // 0

    before = std_logging.getLogger().handlers[:]
    try:
        logging.configure("json", "test")
        try:
            fail("secret-" + "word")
        except ZeroDivisionError:
            structlog.get_logger("fresh").exception("it failed")
        std_logging.getLogger("library").warning("of a library")
    finally:
        std_logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    text = capsys.readouterr().err
    first, second = (json.loads(line) for line in text.splitlines())
    assert first["event"] == "it failed"
    assert first["service"] == second["service"] == "test"
    assert "ZeroDivisionError" in first["exception"]
    assert "secret-word" not in text
    assert second["event"] == "of a library"
