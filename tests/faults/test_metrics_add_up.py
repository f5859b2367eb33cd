"""The conservation equation, read from the real dashboard's /metrics all the time while things break."""

from pathlib import Path

import aiomqtt
import pytest

from gascore.service_status import MessageCounts
from support.broker import Broker
from support.fault_town import STRANGER, a_fault_town, a_shipped_mosquitto

pytestmark = pytest.mark.faults


async def test_metrics_add_up_at_every_scrape_and_agree_with_what_was_sent(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = town.start()
            await town.sees(process)
            town.send()
            await town.sent(1_000)
            await lie(broker, 20)
            for _ in range(2):
                process.kill()
                process.wait()
                await town.sent(500)
                process = town.start()
                await town.sees(process)
            broker.stop()
            broker.start()
            await town.sent(500)
            await town.finish()
            assert (await town.settles(process)).faults == {}

            # A run that nothing happens to, from its first message on: each number must be what was sent.
            process.terminate()
            assert process.wait() == 0
            process = town.start()
            await town.sees(process)
            before = len(town.taken.by_number)
            town.send()
            await town.sent(2_000)
            await lie(broker, 20)
            await town.finish()
            assert (await town.settles(process)).faults == {}
            sent = list(town.taken.by_number)[before:]
            strangers = sum(town.names[who] == STRANGER for who, _ in sent)
            await town.scrapes.agree(
                MessageCounts(len(sent) + 20, len(sent) - strangers, strangers, rejected=20)
            )
            assert town.unequal == []
            assert town.scrapes.looks > 20


async def lie(broker: Broker, times: int) -> None:
    """A detector sends what nobody can read."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for number in range(times):
            await client.publish("gas/1/D1/status", f'{{"state":{number}}}', qos=1)
