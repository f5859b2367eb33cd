"""A leak told through Aliyun: from the detector to the approved template, and a lost answer that is asked for."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.adapters.aliyun import Account
from alerts.adapters.aliyun_sms import AliyunSms
from alerts.service import Registered, Switchboard
from alerts.service.courier import Courier
from gascore.alarm import NoticeState
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import AlarmTown
from support.letters import a_book
from support.odd_server import OddServer, Reply, an_odd_server

pytestmark = pytest.mark.integration
YES = json.dumps({"Code": "OK", "BizId": "900", "RequestId": "r"})


class Aliyun:
    """Counts texts by our number of them; loses the first answers, though it takes the texts."""

    def __init__(self, odd: OddServer, lose: int = 0) -> None:
        self.odd = odd
        self.lose = lose
        self.sent: list[dict[str, str]] = []
        odd.replies = self.answer

    def answer(self, path: str, body: bytes) -> Reply:
        del path, body
        headers, query = self.odd.heard[-1][0], self.odd.asked[-1]
        if headers["x-acs-action"] == "SendSms":
            self.sent.append(query)
            if self.lose:
                self.lose -= 1
                return Reply(mood="reset")
            return Reply(body=YES)
        rows = [
            {"OutId": one["OutId"], "SendStatus": 3}
            for one in self.sent
            if one["PhoneNumbers"] == query["PhoneNumber"]
        ]
        return Reply(body=json.dumps({"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}))


@pytest.fixture
def odd() -> Iterator[OddServer]:
    with an_odd_server() as found:
        yield found


def a_town(folder: Path, odd: OddServer) -> AlarmTown:
    town = AlarmTown(folder)
    channel = AliyunSms(Account("id", "secret", sms_url=odd.url), a_book(), answer_ms=2_000)
    town.switchboard = Switchboard([Registered(channel)], town.clock)
    town.courier = Courier(SqlBooks(town.engine), town.switchboard)
    return town


def test_a_leak_goes_out_as_a_template_with_its_facts(tmp_path: Path, odd: OddServer) -> None:
    aliyun = Aliyun(odd)
    town = a_town(tmp_path, odd)
    town.leak(lel=12.0)
    assert aliyun.sent
    assert {one["TemplateCode"] for one in aliyun.sent} == {"T.leak.raised"}
    values = json.loads(aliyun.sent[0]["TemplateParam"])
    assert values["place"].endswith("厨房")
    assert values["level"] == "低限12%LEL"
    assert values["code"].isdigit()
    assert {town.notices()[int(one["OutId"].removeprefix("gw"))].provider_id for one in aliyun.sent} == {
        one["OutId"] for one in aliyun.sent
    }


def test_a_text_whose_answer_was_lost_is_asked_for_and_not_sent_twice(tmp_path: Path, odd: OddServer) -> None:
    aliyun = Aliyun(odd, lose=1)
    town = a_town(tmp_path, odd)
    town.leak()
    town.advance(20)
    lost = int(aliyun.sent[0]["OutId"].removeprefix("gw"))
    assert [one["OutId"] for one in aliyun.sent].count(f"gw{lost}") == 1
    assert town.notices()[lost].state is NoticeState.DELIVERED
