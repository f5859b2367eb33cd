"""Who should be told by a policy and can't be: what the operators hear of it, once for each cause."""

from collections.abc import Mapping
from typing import Final

from gascore.escalation import Gap, Why
from gascore.plans import NO_DUTY, NO_WAY
from gascore.policy import TargetKind
from gascore.words import SiteId

_TO_DO: Final[Mapping[Why, str]] = {
    Why.NOBODY_HAS_THE_ROLE: "nobody has this role here; give it to somebody in the ledger",
    Why.NO_SUCH_PERSON: "not in the ledger; put this person in, or change the policy",
    Why.NO_SUCH_ROSTER: "not in the ledger; put this roster in, or change the policy",
    Why.NO_CONTACT: "no number or address for the ways of the policy's step; put it into the ledger",
}
GAPS: Final = frozenset({NO_DUTY, NO_WAY})
"""The first words of the troubles that are made here."""


def codes_of(gap: Gap, site: SiteId | None) -> tuple[str, ...]:
    """The trouble's name in two words, its detail, and for a role the site. A role is named once, not at each site."""
    if gap.why is Why.NOBODY_ON_DUTY:
        return NO_DUTY, gap.target.id, ""
    name = f"{gap.target.kind.value}:{gap.target.id}"
    at = (site,) if gap.target.kind is TargetKind.ROLE and site is not None else ()
    return NO_WAY, name, _TO_DO[gap.why], *at


def site_of(codes: tuple[str, ...]) -> SiteId | None:
    """Where the role of such a trouble is missing; None: it is not about a role."""
    match codes:
        case (_, _, _, site, *_):
            return SiteId(site)
        case _:
            return None
