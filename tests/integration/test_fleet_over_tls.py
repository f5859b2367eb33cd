"""A detector's connection over TLS, on a mosquitto with a certificate that the test made."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from shutil import which

import pytest

from gascore.wire import Channel
from gascore.words import DetectorId
from gaswatch.clock import SystemClock
from simulator.adapters.fleet import Fleet
from simulator.adapters.line import Endpoint
from support.broker import Broker, free_port
from support.fleet import listening
from support.waiting import until

pytestmark = pytest.mark.integration
ONE = DetectorId("GD-0001")


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Ports of one broker: TLS, and plain."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure, plain = free_port(), free_port()
    config = tmp_path / "mosquitto.conf"
    lines = [
        f"listener {secure} 127.0.0.1",
        f"certfile {certificate}",
        f"keyfile {key}",
        f"listener {plain} 127.0.0.1",
        "allow_anonymous true",
        *(["user root"] if os.geteuid() == 0 else []),
    ]
    config.write_text("\n".join(lines) + "\n")
    program = which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "mosquitto"
    broker = Broker([program, "-c", str(config)], plain, tmp_path / "mosquitto.log")
    broker.start()
    yield secure, plain
    broker.stop(kill=True)


async def test_a_detector_speaks_and_listens_over_tls(ports: tuple[int, int]) -> None:
    secure, plain = ports
    commands: list[bytes] = []
    endpoint = Endpoint("127.0.0.1", secure, tls=True, keepalive_s=5)
    fleet = Fleet(endpoint, lambda _: "x", SystemClock(), Random(1), spread_s=0.0)  # noqa: S311 -- jitter
    async with listening(plain) as heard:
        task = asyncio.create_task(fleet.run([ONE], lambda _, payload: commands.append(payload)))
        await until(lambda: fleet.connected() == 1, what="the connection")
        await until(lambda: heard.of(f"gas/1/{ONE}/online") == [b"1"], what="its word")
        for number in range(200):  # more than one TLS record at a time
            await heard.client.publish(f"gas/1/{ONE}/cmd", b"%d" % number, qos=1)
        await until(lambda: len(commands) == 200, what="all commands")
        fleet.send(ONE, Channel.STATUS, b"x" * 4000)
        await until(lambda: heard.of(f"gas/1/{ONE}/status"), what="the message")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
