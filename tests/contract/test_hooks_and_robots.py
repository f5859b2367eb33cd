"""The signed webhook, the robots of three makers and the board, against a server that answers, or does not."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote_plus, unquote_plus

import pytest

from alerts.adapters.console import Console
from alerts.adapters.im_bot import ImBot, Room
from alerts.adapters.webhook import Webhook
from alerts.ports import Channel
from alerts.rules.delivery import CannotSay, Handed, NoAnswer, NotFound, Refused, TryLater
from alerts.rules.letters import Health
from support.clock import ManualClock
from support.letters import SINCE_MS, a_letter
from support.odd_server import OddServer, an_odd_server

pytestmark = pytest.mark.contract
SECRET: Final = "a-shared-secret"
ROBOTS: Final = {
    "dingtalk": "/robot/send?access_token=a",
    "wecom": "/cgi-bin/webhook/send?key=a",
    "feishu": "/open-apis/bot/v2/hook/a",
}
MAKERS: Final = pytest.mark.parametrize("maker", ROBOTS)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with an_odd_server() as odd:
        yield odd


def a_hook(url: str) -> Webhook:
    return Webhook({"ops": f"{url}/gas"}, SECRET, ManualClock(SINCE_MS), answer_s=0.4)


def a_robot(url: str, maker: str = "dingtalk", secret: str = "") -> ImBot:
    return ImBot({"ops": Room(url + ROBOTS[maker], secret)}, ManualClock(SINCE_MS), answer_s=0.4)


def test_a_hook_is_signed_and_delivered_when_it_is_answered(server: OddServer) -> None:
    server.status = 204
    assert a_hook(server.url).send(a_letter(address="ops")) == Handed("gw7", delivered=True)
    headers, body = server.heard[0]
    time, digest = headers["X-Gas-Signature"].split(",")
    assert time == f"t={SINCE_MS // 1000}"
    signed = f"{SINCE_MS // 1000}.".encode() + body
    assert digest == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    said = json.loads(body)
    assert (said["id"], said["template"], said["priority"]) == ("gw7", "leak.raised", 1)
    assert said["params"]["place"] == "李家面馆厨房"


def test_a_second_try_has_the_same_id_and_the_same_body(server: OddServer) -> None:
    for status in (500, 200):
        server.status = status
        a_hook(server.url).send(a_letter(address="ops"))
    assert server.heard[0][1] == server.heard[1][1]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (500, TryLater("500")),
        (429, TryLater("429")),
        (401, TryLater("401", account=True)),
        (404, Refused("404")),
        (302, Refused("302")),
    ],
)
def test_each_answer_of_a_hook_has_its_meaning(
    server: OddServer, status: int, outcome: TryLater | Refused
) -> None:
    server.status = status
    server.headers = {"Location": f"{server.url}/elsewhere"}
    assert a_hook(server.url).send(a_letter(address="ops")) == outcome
    assert len(server.heard) == 1


@pytest.mark.parametrize("mood", ["hang", "reset", "babble"])
@pytest.mark.parametrize("channel", [a_hook, a_robot])
def test_a_request_without_an_answer_is_unknown(
    server: OddServer, channel: Callable[[str], Channel], mood: str
) -> None:
    server.mood = mood
    assert isinstance(channel(server.url).send(a_letter(address="ops")), NoAnswer)
    assert len(server.heard) == 1


@pytest.mark.parametrize("channel", [a_hook, a_robot])
def test_where_nobody_listens_nothing_was_sent(channel: Callable[[str], Channel]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert channel(url).send(a_letter(address="ops")) == TryLater("no_connection")


@pytest.mark.parametrize("channel", [a_hook, a_robot])
def test_a_name_that_is_not_in_the_settings_is_refused(
    server: OddServer, channel: Callable[[str], Channel]
) -> None:
    assert channel(server.url).send(a_letter(address="http://127.0.0.1/")) == Refused("unknown_address")
    assert server.heard == []


# --- robots ---------------------------------------------------------------------------------------
@MAKERS
def test_a_robot_says_the_text_and_gives_no_receipt(server: OddServer, maker: str) -> None:
    server.body = '{"errcode": 0}' if maker != "feishu" else '{"code": 0}'
    assert a_robot(server.url, maker).send(a_letter(address="ops")) == Handed("gw7", receipt_ms=None)
    said = json.loads(server.heard[0][1])
    assert "关阀禁火禁电" in (said["content"]["text"] if maker == "feishu" else said["text"]["content"])


def test_dingtalk_is_signed_in_the_address(server: OddServer) -> None:
    server.body = '{"errcode": 0}'
    a_robot(server.url, "dingtalk", "SEC1").send(a_letter(address="ops"))
    asked = server.asked[0]
    wanted = hmac.new(b"SEC1", f"{SINCE_MS}\nSEC1".encode(), hashlib.sha256).digest()
    assert asked["timestamp"] == str(SINCE_MS)
    assert asked["sign"] == unquote_plus(quote_plus(base64.b64encode(wanted)))
    assert asked["access_token"] == "a"


def test_feishu_is_signed_in_the_body(server: OddServer) -> None:
    server.body = '{"code": 0}'
    a_robot(server.url, "feishu", "SEC1").send(a_letter(address="ops"))
    said = json.loads(server.heard[0][1])
    wanted = hmac.new(f"{SINCE_MS // 1000}\nSEC1".encode(), b"", hashlib.sha256).digest()
    assert (said["timestamp"], said["sign"]) == (str(SINCE_MS // 1000), base64.b64encode(wanted).decode())


@pytest.mark.parametrize(
    ("maker", "code"), [("dingtalk", 130101), ("dingtalk", 410100), ("wecom", 45009), ("feishu", 9499)]
)
def test_too_many_messages_are_for_a_minute_later(server: OddServer, maker: str, code: int) -> None:
    server.body = json.dumps({"errcode": code, "code": code})
    assert a_robot(server.url, maker).send(a_letter(address="ops")) == TryLater(str(code), 60_000)


@pytest.mark.parametrize(("maker", "code"), [("dingtalk", 310000), ("wecom", 93000), ("feishu", 19021)])
def test_a_wrong_key_is_the_accounts_fault(server: OddServer, maker: str, code: int) -> None:
    server.body = json.dumps({"errcode": code, "code": code})
    assert a_robot(server.url, maker).send(a_letter(address="ops")) == TryLater(str(code), account=True)


@MAKERS
@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"errcode": null, "code": "x"}'])
def test_an_answer_in_other_words_is_no_answer(server: OddServer, maker: str, body: str) -> None:
    server.body = body
    assert a_robot(server.url, maker).send(a_letter(address="ops")) == NoAnswer("unreadable_answer")


@pytest.mark.parametrize(("status", "outcome"), [(503, TryLater("503")), (429, TryLater("429", 60_000))])
def test_a_robot_that_is_down_or_busy_is_for_later(server: OddServer, status: int, outcome: TryLater) -> None:
    server.status = status
    assert a_robot(server.url).send(a_letter(address="ops")) == outcome


# --- the board ------------------------------------------------------------------------------------
def test_the_board_never_fails() -> None:
    assert Console().send(a_letter(address="board")) == Handed("board-7", delivered=True)


@pytest.mark.parametrize("channel", [a_hook, a_robot, lambda _: Console()])
def test_none_of_them_is_asked_for_its_health(channel: Callable[[str], Channel]) -> None:
    assert channel("http://127.0.0.1:1").probe() == Health(ok=True)


@pytest.mark.parametrize("channel", [a_robot, lambda _: Console()])
def test_a_robot_and_the_board_cannot_be_asked(channel: Callable[[str], Channel]) -> None:
    assert isinstance(channel("http://127.0.0.1:1").look_up(a_letter()), CannotSay)


def test_what_a_hook_may_have_missed_is_sent_to_it_again_under_the_same_id() -> None:
    hook = a_hook("http://127.0.0.1:1")
    assert (hook.can.looks_up, hook.look_up(a_letter())) == (True, NotFound())
