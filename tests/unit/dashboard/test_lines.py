"""What strangers wrote, as the system page shows it."""

from dashboard.adapters.lines import PAYLOAD_SHOWN, quarantine_line
from dashboard.ports import Quarantined


def test_a_message_that_was_not_taken_is_shown_without_what_would_move_the_page() -> None:
    kept = Quarantined(
        1,
        5,
        "gas/1/\u202eD1\x07/status",
        None,
        "bad_topic",
        "gas/1/\u2066x",
        b"\xff\x00\x1b[2J{" + b"z" * 5_000,
    )
    line = quarantine_line(kept)
    assert line.topic == "gas/1/·D1·/status"
    assert line.detail == "gas/1/·x"
    assert line.payload.startswith("\\xff··[2J{zzz")
    assert len(line.payload) == PAYLOAD_SHOWN + 1
    assert line.payload.endswith("…")


def test_a_long_topic_is_cut() -> None:
    line = quarantine_line(Quarantined(1, 5, "y" * 500, "D1", "bad_topic", "", b""))
    assert line.topic == "y" * PAYLOAD_SHOWN + "…"
