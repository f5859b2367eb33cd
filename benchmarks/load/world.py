"""A world to load: a folder, a migrated database, the production broker's limits on a free port."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from gaswatch.broker import mosquitto
from gaswatch.broker.files import put
from gaswatch.broker.members import members
from gaswatch.clock import SystemClock
from gaswatch.network import answers, free_port
from gaswatch.secrets import COLLECTOR_USER, Secrets
from gaswatch.settings import Settings

LOAD_USER: Final = "load"
_END_S: Final = 60.0
_LOOK_MS: Final = 50
_RIGHTS: Final = f"\nuser {LOAD_USER}\ntopic write gas/1/#\n"
"""The load speaks for every detector, as a gateway's broker bridge would."""


class World:
    """Names and addresses of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.phones_port = free_port("127.0.0.1"), free_port("127.0.0.1")
        self.secrets = Secrets(folder)
        password = self.secrets.mqtt_password(COLLECTOR_USER)
        self.settings = Settings(
            data_dir=folder, mqtt_url=(f"mqtt://{COLLECTOR_USER}:{password}@127.0.0.1:{self.port}",)
        )

    @property
    def environment(self) -> dict[str, str]:
        """For `gaswatch run` and the benchmark's own processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GASWATCH_")}
        return kept | {
            "GASWATCH_DATA_DIR": str(self.folder),
            "GASWATCH_MQTT_URL": self.settings.mqtt_url[0],
            "GASWATCH_PHONES_PORT": str(self.phones_port),
            "GASWATCH_TWILIO_URL": f"http://127.0.0.1:{self.phones_port}",
            "GASWATCH_TWILIO_FROM": "+15005550006",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "0" * 32,
        }

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[int]:
        """A mosquitto with the shipped limits, empty at the start; its process id."""
        program = mosquitto.program()
        if program is None:
            sys.exit("this benchmark needs mosquitto: apt install mosquitto")
        folder = self.folder / "broker"
        for old in (folder / "mosquitto-data").glob("*"):
            old.unlink()
        people = members([], self.secrets)
        load = f"{LOAD_USER}:{mosquitto.hashed(LOAD_USER, LOAD_USER)}\n"
        put(
            folder / "mosquitto.conf",
            mosquitto.configuration(folder, self.port, is_root=os.geteuid() == 0),
        )
        put(folder / "mosquitto.passwd", mosquitto.passwords(people) + load)
        put(folder / "mosquitto.acl", mosquitto.rights(people) + _RIGHTS)
        async with self.process("broker", mosquitto.command(program, folder)) as running:
            await until(lambda: answers("127.0.0.1", self.port), 20, "the broker")
            yield running

    @asynccontextmanager
    async def python(self, name: str, module: str, *arguments: str) -> AsyncIterator[int]:
        """One of our own modules as a process; its process id."""
        async with self.process(name, [sys.executable, "-m", module, *arguments]) as running:
            yield running

    @asynccontextmanager
    async def process(self, name: str, command: list[str]) -> AsyncIterator[int]:
        """Run a command; its output is in `NAME.log`, and it is asked to end at the end."""
        with self.log(name).open("ab") as out:
            running = await asyncio.create_subprocess_exec(
                *command, stdout=out, stderr=asyncio.subprocess.STDOUT, env=self.environment
            )
        try:
            yield running.pid
        finally:
            if running.returncode is None:
                running.terminate()
                try:
                    async with asyncio.timeout(_END_S):
                        await running.wait()
                except TimeoutError:
                    running.kill()
                    await running.wait()

    def log(self, name: str) -> Path:
        """What a process said."""
        return self.folder / f"{name}.log"


async def until(is_so: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait for a fact; returns the seconds it took. Raises `TimeoutError` that names it."""
    clock = SystemClock()
    begun_ms = clock.now_ms()
    while not is_so():
        if clock.now_ms() - begun_ms > within_s * 1000:
            raise TimeoutError(f"{what}: not within {within_s:.0f} s")
        await clock.sleep_until(clock.now_ms() + _LOOK_MS)
    return (clock.now_ms() - begun_ms) / 1000
