"""The simulated town is complete, and nothing in it could be mistaken for a real place."""

import phonenumbers
import pytest

from gascore.compat import Fit, fit
from gascore.registry import Role, SiteKind
from gascore.words import RoomKind, SupplyGas
from simulator.rules.town import Town, build_town, people_of


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town(1)


def test_it_has_sixty_sites_and_a_hundred_and_fifty_detectors(town: Town) -> None:
    assert len(town.ledger.sites) == 60
    assert len(town.ledger.detectors) == 150
    assert {site.kind for site in town.ledger.sites} == set(SiteKind) - {SiteKind.OTHER}


def test_the_same_seed_makes_the_same_town_and_another_seed_another() -> None:
    assert build_town(5) == build_town(5)
    assert build_town(5).ledger != build_town(6).ledger


def test_every_reference_leads_somewhere(town: Town) -> None:
    ledger = town.ledger
    areas = {one.id for one in ledger.areas}
    sites = {one.id for one in ledger.sites}
    rooms = {one.id: one for one in ledger.rooms}
    people = {one.id for one in ledger.people}
    assert all(one.parent in areas for one in ledger.areas if one.id != "CITY")
    assert all(one.area in areas for one in ledger.sites)
    assert all(one.supplier in {each.id for each in ledger.suppliers} for one in ledger.sites)
    assert all(one.site in sites for one in ledger.rooms)
    assert all(rooms[one.room].site == one.site for one in ledger.detectors)
    assert all(one.person in people and (one.site is None or one.site in sites) for one in ledger.duties)
    assert set(town.physics) == set(rooms)
    assert set(town.mounted) == {one.id for one in ledger.detectors}


def test_ids_numbers_and_phones_are_unique(town: Town) -> None:
    ledger = town.ledger
    for values in (
        [one.id for one in ledger.detectors],
        [one.no for one in ledger.detectors],
        [one.phone for one in ledger.people],
        [one.id for one in ledger.rooms],
        [one.short_name for one in ledger.sites],
        [one.short_name_en for one in ledger.sites],
    ):
        assert len(set(values)) == len(values)


def test_every_role_is_filled_for_every_site(town: Town) -> None:
    duties = {(one.role, one.site) for one in town.ledger.duties}
    everywhere = {Role.SHIFT_LEADER, Role.DUTY_OFFICER}
    assert {(role, None) for role in everywhere} <= duties
    for site in town.ledger.sites:
        assert {(role, site.id) for role in set(Role) - everywhere} <= duties


def test_no_phone_number_can_exist(town: Town) -> None:
    for person in town.ledger.people:
        assert person.phone.startswith("+861000000")
        assert not phonenumbers.is_valid_number(phonenumbers.parse(person.phone))


def test_short_names_fit_a_text_message(town: Town) -> None:
    for site in town.ledger.sites:
        assert 0 < len(site.short_name) <= 8, site.short_name
        assert 0 < len(site.short_name_en) <= 14, site.short_name_en
        assert site.short_name_en.isascii()


def test_all_three_gases_are_in_use(town: Town) -> None:
    assert {room.supply_gas for room in town.ledger.rooms} == {
        SupplyGas.LPG,
        SupplyGas.MINE_GAS,
        SupplyGas.NATURAL_GAS,
    }


def test_exactly_one_detector_is_of_the_wrong_gas_type_an_lpg_one_on_mine_gas(town: Town) -> None:
    rooms = {one.id: one for one in town.ledger.rooms}
    wrong = [
        one for one in town.ledger.detectors if fit(rooms[one.room].supply_gas, one.target) is not Fit.OK
    ]
    assert len(wrong) == 1
    assert rooms[wrong[0].room].supply_gas is SupplyGas.MINE_GAS


def test_the_bottle_station_keeps_its_cylinders_in_rooms_with_two_detectors_each(town: Town) -> None:
    station = next(one for one in town.ledger.sites if one.kind is SiteKind.BOTTLE_STATION)
    rooms = [one for one in town.ledger.rooms if one.site == station.id]
    assert [one.kind for one in rooms] == [RoomKind.CYLINDER_ROOM] * 4
    assert all(len(town.detectors_in(one.id)) == 2 for one in rooms)


def test_the_people_behind_the_phones_are_named_with_role_and_site(town: Town) -> None:
    shown = people_of(town.ledger)
    assert set(shown) == {person.phone for person in town.ledger.people}
    owner = next(one for one in town.ledger.duties if one.role is Role.OWNER)
    person = next(one for one in town.ledger.people if one.id == owner.person)
    site = next(one for one in town.ledger.sites if one.id == owner.site)
    assert shown[person.phone] == f"{person.name} · 负责人 · {site.short_name}"
    assert sum("网格员" in name for name in shown.values()) == 6
