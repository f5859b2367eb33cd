"""Contacts over HTTP: who can be reached, who can't and why, and the sites of which nobody can."""

from pathlib import Path

import pytest

from alerts.rules.reach import Reach
from gascore.contacts import Reachability
from gascore.registry import Duty, Ledger, Person, Role
from gascore.words import PersonId, SiteId
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.registry import SqlRegistry
from support.alarms import NOW_MS
from support.console import Console, a_console

pytestmark = pytest.mark.integration


def knows(console: Console, *reaches: Reach) -> None:
    with SqlContactBooks(console.engine).transaction() as books:
        books.put(reaches)


def has_people(console: Console) -> None:
    site = SqlRegistry(console.engine).ledger().sites[0].id
    people = Ledger(
        people=(
            Person(PersonId("chen"), "陈", "Chen", "+8613800000001"),
            Person(PersonId("lin"), "林", "Lin", "+8613800000002"),
        ),
        duties=(Duty(PersonId("chen"), Role.OWNER, site), Duty(PersonId("chen"), Role.MAINTENANCE, site)),
    )
    SqlRegistry(console.engine).put(people, by="test", at_ms=NOW_MS)


async def test_people_are_listed_with_what_is_known_of_their_phones(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        has_people(console)
        browser = await console.signed_in("inspector")
        everybody = (await browser.get("/api/v1/contacts")).json()
        assert {one["state"] for one in everybody["items"]} == {"unverified"}
        person, phone = "chen", "+8613800000001"
        knows(console, Reach(PersonId(person), phone, NOW_MS, Reachability.UNREACHABLE, why="stopped"))
        gone = (await browser.get("/api/v1/contacts", params={"state": "unreachable"})).json()
        (line,) = gone["items"]
        assert (line["person"], line["why"], line["since_ms"]) == (person, "stopped", NOW_MS)
        assert (line["phone_end"], len(line["sites"])) == ("0001", 1)
        assert phone not in str(gone)
        others = (await browser.get("/api/v1/contacts", params={"state": "unverified"})).json()
        assert person not in {one["person"] for one in others["items"]}


async def test_people_come_in_pages(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        has_people(console)
        browser = await console.signed_in("inspector")
        ids = [one["person"] for one in (await browser.get("/api/v1/contacts")).json()["items"]]
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            asked = {"limit": "1", "after": after}
            page = (await browser.get("/api/v1/contacts", params=asked)).json()
            found += [one["person"] for one in page["items"]]
            after = page["next"]
        assert found == ids == sorted(ids)


async def test_what_was_known_of_another_number_is_not_shown(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        has_people(console)
        browser = await console.signed_in("inspector")
        person = "chen"
        knows(
            console, Reach(PersonId(person), "+8610000000000", NOW_MS, Reachability.UNREACHABLE, why="30005")
        )
        line = next(
            one for one in (await browser.get("/api/v1/contacts")).json()["items"] if one["person"] == person
        )
        assert (line["state"], line["why"]) == ("unverified", "")


async def test_a_site_of_which_nobody_can_be_reached_says_since_when(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        has_people(console)
        browser = await console.signed_in("inspector")
        sites = (await browser.get("/api/v1/sites")).json()["items"]
        assert {one["unreached_ms"] for one in sites} == {None}
        with SqlContactBooks(console.engine).transaction() as books:
            books.put_unreached({SiteId(sites[0]["id"])}, NOW_MS)
        sites = (await browser.get("/api/v1/sites")).json()["items"]
        assert sites[0]["unreached_ms"] == NOW_MS


async def test_the_page_names_people_with_their_sites_and_the_sites_that_nobody_reaches(
    tmp_path: Path,
) -> None:
    async with a_console(tmp_path) as console:
        has_people(console)
        site = SqlRegistry(console.engine).ledger().sites[0]
        with SqlContactBooks(console.engine).transaction() as books:
            books.put_unreached({site.id}, NOW_MS)
        person, phone = PersonId("chen"), "+8613800000001"
        knows(console, Reach(person, phone, NOW_MS, Reachability.UNREACHABLE, why="stopped"))
        browser = await console.signed_in("inspector")
        page = (await browser.get("/contacts", params={"state": "unreachable"})).json()
        assert page["template"] == "contacts"
        ((line,), (gone,)) = (page["people"], page["unreached"])
        assert (line["contact"]["person"], line["contact"]["why"]) == ("chen", "stopped")
        assert [at["name"] for at in line["sites"]] == [site.name]
        assert (gone["site"]["name"], gone["since_ms"], page["unreached_count"]) == (site.name, NOW_MS, 1)
        everybody = (await browser.get("/contacts", params={"state": ""})).json()
        assert len(everybody["people"]) > 1
        assert (await console.client().get("/contacts")).status_code == 303
