"""What the ledger says of the place behind an alarm: names for texts, the room's kind for the priority."""

from collections.abc import Collection
from dataclasses import dataclass

from alerts.ports import Groups, Registry
from alerts.rules.outage import Group
from alerts.rules.wording import Names
from alerts.rules.words_of_texts import GATEWAY, OURS, PLATFORM, TROUBLES
from gascore.alarm import Alarm, AlarmKind, GroupKind, Outage
from gascore.registry import Person, Role, Room, Site
from gascore.windows import PlaceKind
from gascore.words import AreaId, DetectorId, Language, RoomId, RoomKind, SiteId


@dataclass(frozen=True, slots=True)
class Place:
    """Where a detector hangs, as far as the ledger knows."""

    site: SiteId | None = None
    room: RoomId | None = None
    kind: RoomKind | None = None


class Places:
    """Looks things up once; made anew for each transaction, so that a change of the ledger is seen at once."""

    def __init__(self, registry: Registry, groups: Groups) -> None:
        self._registry = registry
        self._groups = groups
        self._places: dict[DetectorId, Place] = {}
        self._sites: dict[SiteId, Site | None] = {}
        self._rooms: dict[RoomId, Room | None] = {}

    def of(self, detector: DetectorId) -> Place:
        """The place of a detector."""
        if detector not in self._places:
            found = self._registry.detector(detector)
            room = self._room(found.room) if found else None
            self._places[detector] = (
                Place(found.site, found.room, room.kind if room else None) if found else Place()
            )
        return self._places[detector]

    def around(
        self, site: SiteId | None, room: RoomId | None, detector: DetectorId | None
    ) -> frozenset[tuple[PlaceKind, str]]:
        """Every place that an alarm lies in: its detector, room and site, and the areas above."""
        found: list[tuple[PlaceKind, str | None]] = [
            (PlaceKind.DETECTOR, detector),
            (PlaceKind.ROOM, room),
            (PlaceKind.SITE, site),
        ]
        record = self._site(site) if site else None
        area = record.area if record else None
        while area is not None and (PlaceKind.AREA, area) not in found:
            found.append((PlaceKind.AREA, area))
            above = self._registry.area(area)
            area = above.parent if above else None
        return frozenset((kind, at) for kind, at in found if at is not None)

    def names(self, alarm: Alarm, language: Language) -> Names:
        """What the alarm's place is called; without a site, what of ours it is about."""
        room = self._room(alarm.room) if alarm.room else None
        return Names(self.site_name(alarm, language), room.kind if room else None)

    def room_kind(self, alarm: Alarm) -> RoomKind | None:
        """The kind of the room that an alarm is about."""
        room = self._room(alarm.room) if alarm.room else None
        return room.kind if room else None

    def area_of(self, alarm: Alarm) -> AreaId | None:
        """The area that an alarm is about."""
        site = self._site(alarm.site) if alarm.site else None
        if site is not None:
            return site.area
        is_area = alarm.outage is not None and alarm.outage.kind is GroupKind.AREA
        return AreaId(alarm.outage.id) if alarm.outage and is_area else None

    def people_near(self, alarm: Alarm, roles: Collection[Role]) -> list[tuple[Role, Person]]:
        """Who has one of these roles about a group alarm, at any site of the group.

        A supplier's dispatch is told only of what its own detectors have in common.
        """
        if alarm.outage is None:
            return []
        mine = alarm.outage.kind is GroupKind.SUPPLIER
        wanted = [role for role in roles if role is not Role.SUPPLIER_DISPATCH or mine]
        return self._groups.people_of(Group(alarm.outage.kind, alarm.outage.id), wanted)

    def site_name(self, alarm: Alarm, language: Language) -> str:
        """The site's short name, or what stands for it."""
        site = self._site(alarm.site) if alarm.site else None
        if site is not None:
            return site.short_name if language is Language.ZH else site.short_name_en
        if alarm.detector:
            # The end of an id tells more than its beginning: makers put their own prefix first.
            return alarm.detector[-8:]
        if alarm.outage is not None:
            return self._group_name(alarm.outage, language)
        _, scope, name = alarm.key.split(":", 2)
        if alarm.kind is AlarmKind.TROUBLE:
            return TROUBLES[language].get(name.split()[0], PLATFORM[language])
        return OURS[language].get(scope, name)

    def _group_name(self, outage: Outage, language: Language) -> str:
        names = self._groups.names(Group(outage.kind, outage.id))
        if names is None:
            return GATEWAY[language].format(outage.id[-6:])
        return names[language is Language.EN]

    def _site(self, site: SiteId) -> Site | None:
        if site not in self._sites:
            self._sites[site] = self._registry.site(site)
        return self._sites[site]

    def _room(self, room: RoomId) -> Room | None:
        if room not in self._rooms:
            self._rooms[room] = self._registry.room(room)
        return self._rooms[room]
