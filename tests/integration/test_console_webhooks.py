"""What comes in from the SMS provider, and what machines that watch us read."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # has no types

from dashboard.adapters.parts import Parts
from dashboard.service.picture import Picture
from gascore.alarm import NoticeState
from gascore.canary import CanaryMeasured
from gascore.journal import (
    Event,
    KeyPressed,
    NoticeStepped,
    ReceiptReceived,
    ReplyReceived,
)
from gascore.words import AreaId, DetectorId, NoticeId
from support.alarms import NOW_MS, a_leak, a_notice
from support.console import PUBLIC, TWILIO_TOKEN, Console, a_console
from support.console_collector import is_seen

pytestmark = pytest.mark.integration


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


# --- webhooks -------------------------------------------------------------------------------------
REPLY = {"MessageSid": "SM1", "From": "+861000000001", "To": "+861000000000", "Body": "37", "NumMedia": ""}
RECEIPT = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}


async def call(
    console: Console, path: str, form: dict[str, str], *, signed_for: str | None = PUBLIC
) -> httpx2.Response:
    """A webhook, signed as Twilio does for our public address."""
    headers = {}
    if signed_for is not None:
        headers["X-Twilio-Signature"] = RequestValidator(TWILIO_TOKEN).compute_signature(
            signed_for + path, form
        )
    return await console.client().post(path, data=form, headers=headers)


async def test_a_signed_reply_and_receipt_go_into_the_journal(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        reply = await call(console, "/webhooks/twilio/sms", REPLY)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "application/xml")
        receipt = await call(console, "/webhooks/twilio/status?notice=7", RECEIPT)
        assert receipt.status_code == 204
        events = [entry.event for entry in console.journal.after(console.journal.last_id() - 2, 2)]
        assert events == [
            ReplyReceived(channel="twilio_sms", provider_id="SM1", sender="+861000000001", body="37"),
            ReceiptReceived(channel="twilio_sms", provider_id="SM1", status="undelivered", code="30003"),
        ]


async def test_a_webhook_that_twilio_did_not_sign_is_refused(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        before = console.journal.last_id()
        for path, form in (("/webhooks/twilio/sms", REPLY), ("/webhooks/twilio/status", RECEIPT)):
            assert (await call(console, path, form, signed_for=None)).status_code == 403
            assert (await call(console, path, form, signed_for=console.url)).status_code == 403
            signature = RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC + path, form)
            tampered = await console.client().post(
                path, data={**form, "Body": "38"}, headers={"X-Twilio-Signature": signature}
            )
            assert tampered.status_code == 403
        assert console.journal.last_id() == before


KEY = {"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "1", "To": "+861000000001"}
ENDED = {"CallSid": "CA1", "CallStatus": "completed", "To": "+861000000001"}
KEYS = "/webhooks/twilio/voice?notice=7&lang=en"


async def test_a_key_and_the_end_of_a_call_go_into_the_journal(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        key = await call(console, KEYS, KEY)
        assert (key.status_code, key.headers["content-type"]) == (200, "application/xml")
        assert "you take over" in key.text
        assert (await call(console, "/webhooks/twilio/status", ENDED)).status_code == 204
        events = [entry.event for entry in console.journal.after(console.journal.last_id() - 2, 2)]
        assert events == [
            KeyPressed(channel="twilio_voice", provider_id="CA1", digit="1", notice=NoticeId(7)),
            ReceiptReceived(channel="twilio_voice", provider_id="CA1", status="completed"),
        ]


async def test_another_key_is_asked_for_once_more(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        answer = await call(console, "/webhooks/twilio/voice?notice=7", {**KEY, "Digits": "5"})
        assert f'action="{PUBLIC}/webhooks/twilio/voice?notice=7"' in answer.text
        assert "接手请按1" in answer.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (KEYS.replace("7", "8"), KEY),
        (KEYS, {**KEY, "Digits": "2"}),
        (KEYS, {**KEY, "CallSid": "CA2"}),
        (KEYS.partition("?")[0], KEY),
    ],
)
async def test_a_key_that_was_tampered_with_is_refused(
    tmp_path: Path, path: str, form: dict[str, str]
) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        before = console.journal.last_id()
        headers = {"X-Twilio-Signature": RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC + KEYS, KEY)}
        assert (await console.client().post(path, data=form, headers=headers)).status_code == 403
        assert (await call(console, path, form, signed_for=None)).status_code == 403
        assert (await call(console, path, form, signed_for="https://elsewhere.example")).status_code == 403
        assert console.journal.last_id() == before


async def test_without_an_account_no_webhook_is_believed(tmp_path: Path) -> None:
    def without_token(parts: Parts) -> Parts:
        options = msgspec.structs.replace(parts.options, twilio_token="")
        return msgspec.structs.replace(parts, options=options)

    async with a_console(tmp_path, public=PUBLIC, change=without_token) as console:
        answer = await call(console, "/webhooks/twilio/sms", REPLY)
        assert answer.status_code == 403
        assert "TWILIO_AUTH_TOKEN" in answer.json()["detail"]


async def test_a_signed_webhook_without_a_message_is_refused(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        assert (await call(console, "/webhooks/twilio/status", {"MessageSid": "SM1"})).status_code == 422


async def test_a_form_with_a_file_is_refused_and_no_defect(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        answer = await console.client().post("/webhooks/twilio/sms", files={"Body": ("a.txt", b"37")})
        assert answer.status_code == 415


async def test_a_strange_host_does_not_change_what_the_signature_is_of(tmp_path: Path) -> None:
    path = "/webhooks/twilio/sms"
    async with a_console(tmp_path, public=PUBLIC) as console:
        signature = RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC + path, REPLY)
        headers = {"X-Twilio-Signature": signature, "Host": "elsewhere?a=b"}
        assert (await console.client().post(path, data=REPLY, headers=headers)).status_code == 200


# --- for machines that watch us -------------------------------------------------------------------
async def test_prometheus_reads_messages_detectors_alarms_notices_and_latency(console: Console) -> None:
    alarm = a_leak()
    console.open_alarm(alarm)
    console.journal.append([NoticeStepped(notice=a_notice(1, alarm, NoticeState.HANDED_OVER))], NOW_MS)
    console.journal.append(leaks_for_a_test(), NOW_MS)
    await is_seen(console)
    await console.follows()
    text = (await console.client().get("/metrics")).text
    for line in (
        'gaswatch_messages_total{outcome="stored"} 7.0',
        'gaswatch_detectors{state="fault"} 1.0',
        'gaswatch_alarms_active{priority="2"} 1.0',
        'gaswatch_notices_total{channel="sms",outcome="handed_over"} 1.0',
        'gaswatch_alarm_latency_seconds_bucket{le="0.01",stage="journal"} 3.0',
        'gaswatch_alarm_latency_seconds_count{stage="journal"} 3.0',
        "gaswatch_series_spool_bytes 2048.0",
        "gaswatch_series_spool_oldest_seconds 75.0",
        "gaswatch_series_dead_letters 3.0",
        "gaswatch_sequence_gaps 4.0",
        'gaswatch_broker_dropped{link="main:1883"} 12.0',
        'gaswatch_broker_held{link="main:1883"} 300.0',
        'gaswatch_canary_ok{area="north"} 1.0',
        'gaswatch_canary_ok{area="south"} 0.0',
        'gaswatch_canary_seconds{area="north"} 7.3',
    ):
        assert line in text.splitlines()
    assert "gaswatch_series_spool_readings" not in text
    assert "cloud:8883" not in text, "what is not counted is not 0"
    assert 'gaswatch_canary_seconds{area="south"}' not in text
    assert 'gaswatch_canary_age_seconds{area="north"} ' in text
    shown = (await (await console.signed_in()).get("/system")).json()["canaries"]
    assert [(one["area"], one["ok"], one["stations"]["delivered"]) for one in shown] == [
        ("north", True, 7.3),
        ("south", False, None),
    ]
    found = console.parts.alarms.open_alarms()
    again = Picture()
    again.begin(found.cursor, found.entries, console.parts.town.names())
    assert again.canaries == console.parts.follower.picture.canaries, "known at once after a restart"


def leaks_for_a_test() -> list[Event]:
    """Test leaks: one that arrived, after one that did not, and one that never did."""
    sent_ms = NOW_MS - 60_000
    north, south = (AreaId(one) for one in ("north", "south"))
    early = CanaryMeasured(area=north, detector=DetectorId("canary-north"), sent_ms=1, ok=False, why="?")
    good = msgspec.structs.replace(early, sent_ms=sent_ms, ok=True, why="", delivered_ms=sent_ms + 7_300)
    bad = msgspec.structs.replace(early, area=south, detector=DetectorId("canary-south"), why="no alarm")
    return [early, good, bad]


async def test_a_dashboard_is_healthy_when_it_serves_and_ready_when_its_store_answers(
    console: Console,
) -> None:
    watcher = console.client()
    assert (await watcher.get("/healthz")).json() == {"ok": True, "why": ""}
    assert (await watcher.get("/readyz")).json() == {"ok": True, "why": ""}
    console.parts.follower.has_begun = False
    answer = await watcher.get("/readyz")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    console.parts.follower.has_begun = True
