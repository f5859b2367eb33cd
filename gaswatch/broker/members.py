"""Who may come in to our own broker: every registered detector, and the collector."""

from collections.abc import Iterable

import msgspec

from gascore.words import DetectorId
from gaswatch.secrets import COLLECTOR_USER, Secrets


class Member(msgspec.Struct, frozen=True):
    """A broker user and the detector whose branch it may use (None: the collector, which may use all)."""

    user: str
    password: str
    detector: DetectorId | None


def user_of(detector: DetectorId) -> str:
    """The broker user of a detector: its id, a colon written as a dot.

    mosquitto's password file separates with colons, and an id has no dots, so that no two ids meet
    (design 4.1, docs/adr/0007).
    """
    return detector.replace(":", ".")


def members(detectors: Iterable[DetectorId], secrets: Secrets) -> list[Member]:
    """The collector first, then the detectors in the order of their ids. Reads the installation's key."""
    collector = Member(COLLECTOR_USER, secrets.mqtt_password(COLLECTOR_USER), None)
    return [
        collector,
        *(Member(user_of(one), secrets.mqtt_password(one), one) for one in sorted(set(detectors))),
    ]


WRITES = ("status", "online", "ack")
"""What a detector may say below `gas/1/{id}/` (design 4.1)."""
READS = ("cmd",)
"""What a detector may hear there."""
