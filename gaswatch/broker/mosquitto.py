"""mosquitto's generated files: configuration, passwords and rights.

The limits are those that manual acknowledgement needs (measured; docs/adr/0007). The production file
`mosquitto.conf` in the repository's root says the same with comments for its reader.
"""

import base64
import hashlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Final

from gaswatch.broker.address import HOST
from gaswatch.broker.files import put
from gaswatch.broker.members import READS, WRITES, Member
from gaswatch.secrets import COLLECTOR_USER

NAME: Final = "mosquitto"
RELOAD_SIGNAL: Final = signal.SIGHUP
"""Reads passwords and rights again; keeps connections."""
ITERATIONS: Final = 1
"""Stretching makes guessable passwords dearer to guess. Ours are 130 random bits: nobody guesses one at
any speed, and mosquitto verifies in its only thread while ten thousand detectors reconnect at once."""
_SALT_BYTES: Final = 12
_PLACES: Final = os.pathsep.join(
    ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/sbin")
)


def program() -> str | None:
    """The path of mosquitto, None where it is not installed. Debian's is in /usr/sbin, off a user's path."""
    return which(NAME) or which(NAME, path=_PLACES)


def command(path: str, folder: Path) -> list[str]:
    """How to start it on the files in `folder`."""
    return [path, "-c", str(folder / "mosquitto.conf")]


def write(folder: Path, port: int, people: Sequence[Member]) -> bool:
    """Write all files to `folder`; True when something changed. Blocking. Raises `OSError`."""
    changed = [
        put(folder / "mosquitto.conf", configuration(folder, port, is_root=os.geteuid() == 0)),
        put(folder / "mosquitto.passwd", passwords(people)),
        put(folder / "mosquitto.acl", rights(people)),
    ]
    return any(changed)


def configuration(folder: Path, port: int, *, is_root: bool) -> str:
    """The text of mosquitto.conf for 2.0.11 and newer."""
    data = folder / "mosquitto-data"
    data.mkdir(parents=True, exist_ok=True)
    lines = [
        f"listener {port} {HOST}",
        "allow_anonymous false",
        f"password_file {folder.absolute() / 'mosquitto.passwd'}",
        f"acl_file {folder.absolute() / 'mosquitto.acl'}",
        "set_tcp_nodelay true",
        # Never 0: packet ids would be used twice. Also the window of clients that don't name one.
        "max_inflight_messages 20000",
        # The default, 1000, loses messages without a word while the collector is away; 0 is broken in 2.0.21.
        # 10 times a city's load for 20 s (3.4 million) must fit: what is over is dropped.
        "max_queued_messages 5000000",
        # The first limit that is reached counts: not this one.
        "max_queued_bytes 0",
        # What a detector sends at QoS 0 is queued, too, and acknowledged by the collector after its commit.
        "upgrade_outgoing_qos true",
        # A status has at most 4 KiB (design 4.1); what is bigger is not worth queueing.
        "max_packet_size 65536",
        "persistence true",
        f"persistence_location {data.absolute()}/",
        # The default, 1800 s, is what a crash would lose. Each save writes all that waits, in the only thread: with one
        # a second, a backlog of a million slowed the broker down to a third (docs/performance.md).
        "autosave_interval 10",
        "persistent_client_expiration 14d",
        "sys_interval 10",
        "connection_messages false",
        "log_dest stderr",
        "log_timestamp false",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if is_root:
        # Otherwise it becomes the user "mosquitto", who can't read our files.
        lines.append("user root")
    return "\n".join(lines) + "\n"


def passwords(people: Sequence[Member]) -> str:
    """The password file: one `user:hash` in each line."""
    return "".join(f"{one.user}:{hashed(one.user, one.password)}\n" for one in people)


def hashed(user: str, password: str) -> str:
    """Mosquitto's own format `$7$iterations$salt$hash`: PBKDF2 with HMAC-SHA512, both parts in base64.

    The salt comes from the user's name, so that the same ledger gives the same file; that two
    installations share salts helps nobody against random passwords.
    """
    salt = hashlib.sha256(f"gaswatch mosquitto salt:{user}".encode()).digest()[:_SALT_BYTES]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def rights(people: Sequence[Member]) -> str:
    """The ACL file: the collector hears everything and commands; a detector has its own branch."""
    lines = [
        f"user {COLLECTOR_USER}",
        "topic read gas/1/#",
        "topic read $SYS/broker/#",
        "topic write gas/1/+/cmd",
        "",
        *(f"pattern write gas/1/%u/{leaf}" for leaf in WRITES),
        *(f"pattern read gas/1/%u/{leaf}" for leaf in READS),
    ]
    for one in people:
        if one.detector is not None and one.user != one.detector:
            lines += ["", f"user {one.user}"]
            lines += [f"topic write gas/1/{one.detector}/{leaf}" for leaf in WRITES]
            lines += [f"topic read gas/1/{one.detector}/{leaf}" for leaf in READS]
    return "\n".join(lines) + "\n"
