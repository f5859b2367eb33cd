"""`mqtts://`: the broker's certificate is checked against the machine's trusted ones, by every link."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from collector.adapters.endpoint import parse_url
from collector.adapters.links import make_link
from gaswatch.clock import SystemClock
from support.broker import Broker, a_certificate, a_mosquitto
from support.waiting import until

pytestmark = pytest.mark.contract
Version = Literal["auto", "5", "3.1.1"]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return a_certificate(tmp_path)


@pytest.fixture
def broker(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Broker]:
    with a_mosquitto(tmp_path, certificate=certificate) as running:
        yield running


async def first_word(broker: Broker, version: Version) -> str:
    """What the link says of itself first."""
    words: list[str] = []
    url = f"mqtts://localhost:{broker.port}"
    link = make_link(url, version, client_id="tls", clock=SystemClock(), rng=Random(1))  # noqa: S311 -- jitter
    running = asyncio.create_task(
        link.run(
            arrived=lambda _: None, changed=lambda _, word, __: words.append(word), is_full=lambda: False
        )
    )
    await until(lambda: words)
    await link.stop()
    await asyncio.wait_for(running, 5)
    return words[0]


@pytest.mark.parametrize("version", ["auto", "5", "3.1.1"])
async def test_a_certificate_that_the_machine_trusts_is_taken(
    broker: Broker, version: Version, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert await first_word(broker, version) == "up"


@pytest.mark.parametrize("version", ["auto", "5", "3.1.1"])
async def test_one_that_nobody_trusts_is_refused_in_words(broker: Broker, version: Version) -> None:
    assert "certificate verify failed" in await first_word(broker, version)


def test_the_password_is_in_no_name() -> None:
    endpoint = parse_url("mqtts://ann:s%40fe@broker.example")
    assert (endpoint.name, endpoint.user, endpoint.password) == ("broker.example:8883", "ann", "s@fe")
