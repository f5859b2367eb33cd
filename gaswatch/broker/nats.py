"""The NATS server's generated file, with the same rights as on mosquitto. It comes by pip, without root.

What differs from mosquitto (measured; docs/adr/0007): MQTT 3.1.1 only; what a detector is not allowed to
publish is acknowledged and dropped; what the collector left unacknowledged comes again after
`ack_wait`, not on reconnecting; what was acknowledged survives a kill -9 without a second's loss.
"""

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Final

from gaswatch.broker.address import HOST
from gaswatch.broker.files import put
from gaswatch.broker.members import READS, WRITES, Member

NAME: Final = "nats-server"
RELOAD_SIGNAL: Final = signal.SIGHUP
"""Reads the users again; keeps connections."""
_MAX_ACK_PENDING: Final = 20_000
"""At most 32,767: a filter that ends in `#` counts twice, and a session may have 65,535."""


def program() -> str | None:
    """The path of nats-server, as pip installs it beside our own Python, else from the path."""
    return which(NAME, path=str(Path(sys.executable).parent)) or which(NAME)


def command(path: str, folder: Path) -> list[str]:
    """How to start it on the file in `folder`."""
    return [path, "-c", str(folder / "nats.conf")]


def write(folder: Path, port: int, people: Sequence[Member]) -> bool:
    """Write the file to `folder`; True when it changed. Blocking. Raises `OSError`."""
    return put(folder / "nats.conf", configuration(folder, port, people))


def configuration(folder: Path, port: int, people: Sequence[Member]) -> str:
    """The text of nats.conf; a subject is the topic with dots for slashes."""
    users = ",\n    ".join(_user(one) for one in people)
    return f"""\
server_name: "gaswatch"
# Nobody speaks NATS to it; a free port on this machine only, because it can't be switched off.
host: "{HOST}"
port: -1
jetstream {{ store_dir: {json.dumps(str(folder.absolute() / "nats-data"))}, max_memory_store: 64M }}
mqtt {{ host: "{HOST}", port: {port}, max_ack_pending: {_MAX_ACK_PENDING}, ack_wait: "5s" }}
max_payload: 64K
logtime: false
authorization {{
  users: [
    {users}
  ]
}}
"""


def _user(member: Member) -> str:
    name, password = json.dumps(member.user), json.dumps(member.password)
    if member.detector is None:
        # "gas/1/#" also subscribes to gas.1 and to subjects of the server's own: a narrower list is refused.
        publish, subscribe = [">"], [">"]
    else:
        publish = [f"gas.1.{member.detector}.{leaf}" for leaf in WRITES]
        subscribe = [f"gas.1.{member.detector}.{leaf}" for leaf in READS]
        subscribe += ["$MQTT.sub.>", "$MQTT.deliver.>"]
    permissions = f"{{ publish: {json.dumps(publish)}, subscribe: {json.dumps(subscribe)} }}"
    # By MQTT only: in NATS' own words "$MQTT.deliver.>" would be everybody's messages.
    return (
        f"{{ user: {name}, password: {password}, permissions: {permissions}, "
        'allowed_connection_types: ["MQTT"] }'
    )
