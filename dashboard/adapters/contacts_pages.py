"""The page of contacts: who can be reached, and the sites that nobody reaches."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from dashboard.adapters import views
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import UsesParts
from dashboard.ports import ContactQuery
from dashboard.rules.board import Names
from gascore.contacts import Reachability
from gascore.words import PersonId, SiteId

router = APIRouter(include_in_schema=False)
SHOWN: Final = 100
SITES_SHOWN: Final = 200
"""Of those that nobody reaches, the longest unreached first."""


@router.get("/contacts")
async def contacts_page(
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    state: Reachability | Literal[""] = "",
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """People by id, and above them the sites whose own people can all not be reached."""
    query = ContactQuery(state or None, PersonId(after) if after else None, SHOWN)
    found = await parts.lanes.quick.do(lambda: parts.contacts.page(query))
    unreached = await parts.lanes.quick.do(parts.contacts.unreached)
    names = parts.follower.picture.board.names
    page = found[:SHOWN]
    longest = sorted(unreached.items(), key=lambda one: (one[1], one[0]))[:SITES_SHOWN]
    context = views.ContactsContext(
        **base_of(request, parts, user),
        people=tuple(views.ContactLine(one, tuple(_site(at, names) for at in one.sites)) for one in page),
        unreached=tuple(views.UnreachedSite(_site(at, names), since_ms) for at, since_ms in longest),
        unreached_count=len(unreached),
        states=tuple(Reachability),
        state=state,
        next_after=page[-1].person if len(found) > SHOWN else None,
    )
    return page_of(parts, user, views.CONTACTS, **context)


def _site(site: SiteId, names: Names) -> views.SiteName:
    known = names.sites.get(site)
    return views.SiteName(site, "" if known is None else known.name, "" if known is None else known.name_en)
