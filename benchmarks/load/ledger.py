"""A ledger of very many detectors, written straight into the tables: making it is not what is measured."""

from collections.abc import Iterable

from sqlalchemy import Engine, insert

from gascore.words import DetectorId
from gaswatch.stores.engine import writing
from gaswatch.stores.schema import area, detector, duty, person, room, site

PER_ROOM = 3
_PEOPLE = (("owner", "店主", "Owner"), ("safety_officer", "安全员", "Safety officer"))


def names(count: int) -> tuple[DetectorId, ...]:
    """The detectors' ids, in the order of their numbers, which begin at 1."""
    return tuple(DetectorId(f"GD-{no}") for no in range(1, count + 1))


def write_ledger(engine: Engine, count: int, *, commissioned_ms: int | None = None) -> None:
    """`count` LPG detectors, three to a kitchen, all in one area; the same two people look after all sites.

    Args:
        engine: migrated, empty.
        count: at most 1,048,575.
        commissioned_ms: since when they must report; None: not required.
    """
    places = range(-(-count // PER_ROOM))
    texts = ("name", "name_en", "short_name", "short_name_en", "address")
    place = dict.fromkeys(texts, "x") | {
        "kind": "other",
        "area": "town",
        "opens": "09:00",
        "closes": "22:00",
    }
    kitchen = {"name": "x", "name_en": "x", "kind": "kitchen", "supply_gas": "lpg", "volume_m3": 45.0}
    nameplate = {
        "model": "x",
        "target": "lpg",
        "every_s": 60.0,
        "low_lel": 25.0,
        "high_lel": 50.0,
        "commissioned_ms": commissioned_ms,
    }
    with writing(engine) as connection:
        connection.execute(insert(area).values(id="town", name="镇", name_en="Town"))
        connection.execute(insert(site), [{"id": f"S{at}", **place} for at in places])
        connection.execute(insert(room), [{"id": f"S{at}-k", "site": f"S{at}", **kitchen} for at in places])
        connection.execute(
            insert(detector),
            [
                {"no": no, "id": name, "site": f"S{at}", "room": f"S{at}-k", **nameplate}
                for no, name in enumerate(names(count), start=1)
                for at in ((no - 1) // PER_ROOM,)
            ],
        )


def look_after(engine: Engine, sites: Iterable[str]) -> None:
    """Give these sites an owner and a safety officer, who can be texted."""
    with writing(engine) as connection:
        for at, (role, name, name_en) in enumerate(_PEOPLE):
            who = {"id": role, "name": name, "name_en": name_en, "language": "zh"}
            connection.execute(insert(person).values(phone=f"+8613800000{at:03}", **who))
            connection.execute(insert(duty), [{"person": role, "role": role, "site": one} for one in sites])
