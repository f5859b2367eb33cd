"""Real brokers for tests: a mosquitto and a NATS server on free ports, ended by their process ids."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from threading import Event

DEADLINE_S = 10.0
NO_USERS: Mapping[str, str] = {}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A broker process that can be ended and started again on the same port and data."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.port = port
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, user: str = "", password: str = "") -> str:
        """The address, as a setting names it."""
        return f"mqtt://{user}:{password}@127.0.0.1:{self.port}" if user else f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run it and wait until it takes connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        for _ in range(int(DEADLINE_S / 0.02)):
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            Event().wait(0.02)
        raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()[-2000:]}")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It keeps its connections and does nothing, as on a machine that swaps itself to death."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self, *, kill: bool = False) -> None:
        """End it, politely or not."""
        if self._process is None:
            return
        (self._process.kill if kill else self._process.terminate)()
        self._process.wait(DEADLINE_S)
        self._process = None


@contextmanager
def a_mosquitto(
    folder: Path,
    users: Mapping[str, str] = NO_USERS,
    certificate: tuple[Path, Path] | None = None,
    extra: Sequence[str] = (),
) -> Iterator[Broker]:
    """A mosquitto that keeps sessions on disk.

    Args:
        folder: for its files.
        users: name to password; none: anybody may come in.
        certificate: with its key, for TLS instead of plain TCP.
        extra: more lines of its configuration.
    """
    port = free_port()
    data = folder / "mosquitto"
    data.mkdir()
    lines = [
        f"listener {port} 127.0.0.1",
        "max_inflight_messages 20000",
        *(
            []
            if any(line.startswith("max_queued_messages") for line in extra)
            else ["max_queued_messages 2000000"]
        ),
        "set_tcp_nodelay true",
        "persistence true",
        f"persistence_location {data}/",
        "autosave_interval 1",
        "sys_interval 1",
        *extra,
        f"allow_anonymous {'false' if users else 'true'}",
    ]
    if certificate is not None:
        lines += [f"certfile {certificate[0]}", f"keyfile {certificate[1]}"]
    if users:
        passwords = data / "passwords"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, timeout=DEADLINE_S)
        lines.append(f"password_file {passwords}")
    if os.geteuid() == 0:
        lines.append("user root")
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    program = which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "mosquitto"
    yield from _running(Broker([program, "-c", str(config)], port, folder / "mosquitto.log"))


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    )
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True, timeout=DEADLINE_S)
    return certificate, key


@contextmanager
def a_nats(folder: Path, users: Mapping[str, str] = NO_USERS) -> Iterator[Broker]:
    """A NATS server with MQTT 3.1.1, sessions in a file store; redelivers after two seconds."""
    port = free_port()
    accounts = "".join(f'{{ user: "{name}", password: "{word}" }}\n' for name, word in users.items())
    config = folder / "nats.conf"
    config.write_text(
        f'server_name: "test"\nhost: "127.0.0.1"\nport: {free_port()}\n'
        f'jetstream {{ store_dir: "{folder / "jetstream"}", max_file_store: 256M }}\n'
        f'mqtt {{ host: "127.0.0.1", port: {port}, max_ack_pending: 20000, ack_wait: "2s" }}\n'
        + (f"authorization {{ users: [\n{accounts}] }}\n" if users else "")
    )
    program = str(Path(sys.executable).with_name("nats-server"))
    yield from _running(Broker([program, "-c", str(config)], port, folder / "nats.log"))


def _running(broker: Broker) -> Iterator[Broker]:
    broker.start()
    try:
        yield broker
    finally:
        broker.stop(kill=True)
