"""The conservation equation, read from the real dashboard's /metrics all the time while things break."""

import re
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import aiomqtt
import pytest

from gascore.service_status import MessageCounts
from support.broker import Broker, free_port
from support.built import built_pages
from support.fault_town import STRANGER, Onlooker, a_fault_town, a_shipped_mosquitto
from support.waiting import until

pytestmark = pytest.mark.faults
_LINE = re.compile(
    r'^gaswatch_messages_(?:total\{outcome="(\w+)"\}|(received)_total|(pending)) (\S+)$', re.MULTILINE
)


def scraped(port: int) -> MessageCounts | None:
    """What /metrics says; None while nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (URLError, TimeoutError, ConnectionError):
        return None
    found = {one or two or three: int(float(value)) for one, two, three, value in _LINE.findall(text)}
    return MessageCounts(**found)


async def test_metrics_add_up_at_every_scrape_and_agree_with_what_was_sent(tmp_path: Path) -> None:
    built_pages()
    port = free_port()
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker, settings={"http_port": port}) as town:
            dashboard, process = town.start("dashboard"), town.start()
            await town.sees(process)
            await until(lambda: dashboard.poll() is not None or scraped(port), within_s=60, what="/metrics")
            prometheus = Onlooker(lambda: scraped(port))
            prometheus.start()
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
            expected = MessageCounts(len(sent) + 20, len(sent) - strangers, strangers, rejected=20)
            await until(lambda: scraped(port) == expected, within_s=20, what=f"{expected} on /metrics")
            prometheus.stop()
            assert prometheus.wrong == []
            assert prometheus.looks > 50


async def lie(broker: Broker, times: int) -> None:
    """A detector sends what nobody can read."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for number in range(times):
            await client.publish("gas/1/D1/status", f'{{"state":{number}}}', qos=1)
