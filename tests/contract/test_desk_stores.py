"""What the desk keeps besides alarms, on each store: windows, contacts, hazards, and what is read of them."""

from zoneinfo import ZoneInfo

import pytest

from alerts.rules.reach import Reach
from dashboard.ports import HazardQuery
from dashboard.rules.tally import Scope
from gascore.alarm import AlarmKind, Suppression
from gascore.contacts import Reachability
from gascore.windows import PlaceKind, Window
from gascore.words import DetectorId, Level, PersonId, SiteId
from gaswatch.stores.audit import SqlAudit
from gaswatch.stores.contact_list import SqlContactList
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.hazards import SqlHazardList
from gaswatch.stores.kpis import SqlKpis
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.rehearsal import SqlRehearsals
from gaswatch.stores.windows import SqlWindows
from support.stores import TOWN, Store

pytestmark = pytest.mark.contract
ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
LI = PersonId("li")


@pytest.fixture
def town(store: Store) -> Store:
    SqlRegistry(store.engine).put(TOWN, by="test", at_ms=1)
    return store


def test_a_window_over_an_area_silences_what_lies_in_the_areas_below(town: Store) -> None:
    windows = SqlWindows(town.engine)
    window = Window("w1", PlaceKind.AREA, "town", LI, "ann", "new pipes", NOW_MS, NOW_MS + HOUR_MS)
    windows.put(window, "ann", NOW_MS)
    assert windows.window("w1") == window
    assert windows.live(NOW_MS) == [window]
    assert windows.live(NOW_MS + HOUR_MS) == []
    rehearsals = SqlRehearsals(town.engine, ZONE)
    found = rehearsals.rehearse(DetectorId("GD-1"), AlarmKind.FAULT, Level.NONE, NOW_MS)
    assert found is not None
    assert [(one.suppression, one.window) for one in found.quiet] == [(Suppression.MAINTENANCE, "w1")]
    assert {line.person for line in found.lines if line.person} == {"li"}


def test_what_is_known_of_contacts_is_kept_and_listed(town: Store) -> None:
    books = SqlContactBooks(town.engine)
    with books.transaction() as contacts:
        contacts.put([Reach(LI, "+8613800000001", NOW_MS, Reachability.UNREACHABLE, "30003")])
        contacts.put_unreached([SiteId("S1")], NOW_MS)
        contacts.move(5)
    with books.transaction() as contacts:
        assert contacts.reaches()[LI].state is Reachability.UNREACHABLE
        assert contacts.unreached() == {SiteId("S1")}
        assert contacts.cursor() == 5
        assert {one.id for one in contacts.people()} == {"li", "wang"}
    listed = SqlContactList(town.engine)
    assert listed.unreached() == {SiteId("S1"): NOW_MS}
    assert len(listed.of_site(SiteId("S1"))) == 1


def test_an_audit_and_the_hazards_of_an_empty_desk_find_nothing(town: Store) -> None:
    audit = SqlAudit(town.engine)
    audit.look(NOW_MS)
    assert audit.open_troubles("audit") == set()
    hazards = SqlHazardList(town.engine)
    hazards.page(HazardQuery(), NOW_MS)
    assert hazards.hazard(1) is None
    assert SqlKpis(town.engine, ZONE).tallied(Scope(NOW_MS - HOUR_MS, NOW_MS)).peak_hour == 0
