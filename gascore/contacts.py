"""Whether people can be reached: what was proven of each, and of each site whether anybody is left."""

from enum import StrEnum

from gascore.event import EventBase
from gascore.words import PersonId, SiteId


class Reachability(StrEnum):
    """What is known of a person's phone."""

    UNVERIFIED = "unverified"
    """Nothing has proven it yet, neither way."""
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"


class ContactStepped(EventBase, frozen=True, tag="contact.stepped"):
    """What is known of a person changed.

    `why` (unreachable): the provider's code, "stopped" (opted out) or "no_answer_to_tests"; `by` (reachable): the
    channel whose receipt proves it, or "reply".
    """

    person: PersonId
    state: Reachability
    since_ms: int
    why: str = ""
    by: str = ""


class SiteReachStepped(EventBase, frozen=True, tag="site.reach_stepped"):
    """From `since_ms` none of a site's own people can be reached (or, `reachable`, somebody can again)."""

    site: SiteId
    reachable: bool
    since_ms: int
