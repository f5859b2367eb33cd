"""docker-compose.yml without Docker: the same commands with the same environment, as processes of this machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

from support.deployment import compose

DEADLINE_S = 60.0


class Containers:
    """Starts our services as docker-compose.yml says, and ends them by their process ids.

    `places` replaces what only exists between containers (hosts, ports, folders); `variables` are those of
    `.env`.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str], places: Mapping[str, str]) -> None:
        self._folder = folder
        self._variables = variables
        self._places = places
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.services: dict[str, Any] = {
            name: one for name, one in compose()["services"].items() if one["image"] == "gaswatch:local"
        }

    def in_order(self) -> list[str]:
        """Our services, each after those that it waits for."""
        done: list[str] = []
        while len(done) < len(self.services):
            done += [
                name
                for name, one in self.services.items()
                if name not in done and not (set(one.get("depends_on", ())) & set(self.services)) - set(done)
            ]
        return done

    def start(self, name: str) -> None:
        """Run the service; one that prepares is waited for and must end well."""
        service = self.services[name]
        command = service.get("entrypoint", ["gaswatch"]) + service["command"]
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self._command(command),
                env=self._environment(service),
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        self._running[name] = process
        if service["restart"] == "no":
            process.wait(DEADLINE_S)
            assert process.returncode == 0, self.log(name)
            del self._running[name]

    def becomes_healthy(self, name: str) -> None:
        """Wait until the service's own health check says so."""
        service = self.services[name]
        check = self._command(service["healthcheck"]["test"][1:])
        for _ in range(int(DEADLINE_S / 0.5)):
            assert self._running[name].poll() is None, self.log(name)
            if (
                subprocess.run(
                    check, env=self._environment(service), cwd=self._folder, check=False
                ).returncode
                == 0
            ):
                return
            Event().wait(0.5)
        raise AssertionError(f"{name} is not healthy:\n{self.log(name)}")

    def stop(self) -> dict[str, int]:
        """SIGTERM to all, the last one started first; returns the exit codes."""
        codes = {}
        for name, process in reversed(self._running.items()):
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait(DEADLINE_S)
        self._running.clear()
        return codes

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As `docker compose run --rm dashboard ARGUMENTS`."""
        return subprocess.run(
            self._command(["gaswatch", *arguments]),
            env=self._environment(self.services["dashboard"]),
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )

    def log(self, name: str) -> str:
        """The end of what the service said."""
        return (self._folder / f"{name}.log").read_text()[-4000:]

    def _command(self, command: list[str]) -> list[str]:
        placed = [self._placed(one) for one in command]
        return (
            [sys.executable, "-m", "gaswatch", *placed[1:]]
            if placed[0] == "gaswatch"
            else [sys.executable, *placed[1:]]
        )

    def _environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        root = Path(__file__).resolve().parents[2]
        found = {name: self._placed(value) for name, value in service["environment"].items()}
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), **self._variables, **found}

    def _placed(self, text: str) -> str:
        for name, value in self._variables.items():
            start = text.find(f"${{{name}:?")
            if start >= 0:
                text = text[:start] + value + text[text.index("}", start) + 1 :]
        for there, here in self._places.items():
            text = text.replace(there, here)
        return text
