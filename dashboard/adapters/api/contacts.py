"""Contacts: who can be told, and whether they can be reached."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.parts import UsesParts
from dashboard.ports import Contact, ContactQuery
from gascore.contacts import Reachability
from gascore.words import PersonId

router = APIRouter(prefix="/api/v1", tags=["contacts"])


class ContactList(msgspec.Struct, frozen=True):
    """By id; `next` goes into `?after=` for the next page, null on the last."""

    items: tuple[Contact, ...]
    next: str | None


@router.get("/contacts", responses=shows(ContactList))
async def contacts(
    parts: UsesParts,
    user: SignedIn,
    state: Reachability | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """People by id, with what is known of their phones; of the number only its end is shown."""
    del user
    query = ContactQuery(state, None if after is None else PersonId(after), limit)
    found = await parts.lanes.quick.do(lambda: parts.contacts.page(query))
    page = found[:limit]
    return json(ContactList(tuple(page), page[-1].person if len(found) > limit else None))
