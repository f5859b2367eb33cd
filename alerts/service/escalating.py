"""Which steps an alarm takes along, and who is behind a step that is due: the ledger's policies, rosters and duties."""

from datetime import tzinfo

from msgspec.structs import replace

from alerts.ports import Registry
from alerts.service.places import Places
from gascore.alarm import Alarm, Suppression
from gascore.canary import canary_chain, is_canary
from gascore.escalation import Found, Gap, Staff, chain_for, resolve
from gascore.plans import GAS_TEST
from gascore.policy import LEAK_CHANNELS, Chain, Facts, Policy, Step, TargetKind, chain_of
from gascore.registry import Person, Role
from gascore.roster import Roster, on_duty
from gascore.words import AreaId, PersonId, SiteId


class Escalating:
    """Looks things up once; made anew for each transaction, so that a change of the ledger is seen at once."""

    def __init__(self, registry: Registry, places: Places, zone: tzinfo, now_ms: int) -> None:
        self._registry = registry
        self.places = places
        self.zone = zone
        self._now_ms = now_ms
        self._policies: tuple[Policy, ...] | None = None
        self._rosters: dict[str, Roster] | None = None
        self._areas: dict[AreaId, tuple[AreaId, ...]] = {}
        self._people: dict[PersonId, Person | None] = {}
        self._duties: dict[SiteId | None, list[tuple[Role, Person]]] = {}

    def chain_of(self, alarm: Alarm) -> Chain:
        """The steps for an alarm whose ladder starts now."""
        if alarm.detector is not None and is_canary(alarm.detector):
            return canary_chain(alarm.detector)
        if alarm.suppression is Suppression.GAS_TEST:
            return chain_of(GAS_TEST, alarm.kind)
        policies = self._own()
        facts = Facts(
            kind=alarm.kind,
            priority=alarm.priority,
            room=self.places.room_kind(alarm) if policies else None,
            areas=self._above(alarm) if policies else (),
            code=alarm.codes[0] if alarm.codes else "",
        )
        return chain_for(facts, self._now_ms, self.zone, policies)

    def resolve(self, alarm: Alarm, step: Step) -> Found:
        """Who is told of this alarm by a step that is due now."""
        near = self.places.people_near(alarm, [role for role in Role if role in step.roles])
        return resolve(step, self._staff(alarm.site, near), self._now_ms)

    @property
    def has_policies(self) -> bool:
        """Whether the ledger has a policy that is in use."""
        return any(one.enabled for one in self._own())

    def gaps(self, site: SiteId | None = None) -> list[Gap]:
        """Of whom nobody could be told now, by the policies in use: their people and rosters, or their roles at `site`."""
        if not self.has_policies:
            return []
        staff = self._staff(site, [])
        found = {
            gap: None
            for policy in self._own()
            if policy.enabled
            for step in policy.steps
            for gap in resolve(replace(step, channels=step.channels or LEAK_CHANNELS), staff, self._now_ms)[1]
            if (gap.target.kind is TargetKind.ROLE) == (site is not None)
        }
        return list(found)

    def is_manned(self, roster: str) -> bool:
        """Whether somebody is on duty now, whom the ledger knows."""
        found = self._roster(roster)
        return found is not None and any(map(self._person, on_duty(found, self._now_ms, self.zone)))

    def person(self, person: PersonId) -> Person | None:
        """One person; None: not in the ledger."""
        return self._person(person)

    def _own(self) -> tuple[Policy, ...]:
        if self._policies is None:
            self._policies = self._registry.policies()
        return self._policies

    def _staff(self, site: SiteId | None, near: list[tuple[Role, Person]]) -> Staff:
        if site not in self._duties:
            self._duties[site] = self._registry.people_on_duty(site)
        return Staff([*self._duties[site], *near], self._person, self._roster, self.zone)

    def _above(self, alarm: Alarm) -> tuple[AreaId, ...]:
        area = self.places.area_of(alarm)
        if area is None:
            return ()
        if area not in self._areas:
            found, above = [area], self._registry.area(area)
            while above is not None and above.parent is not None:
                found.append(above.parent)
                above = self._registry.area(above.parent)
            self._areas[area] = tuple(found)
        return self._areas[area]

    def _roster(self, roster: str) -> Roster | None:
        if self._rosters is None:
            self._rosters = {one.id: one for one in self._registry.rosters()}
        return self._rosters.get(roster)

    def _person(self, person: PersonId) -> Person | None:
        if person not in self._people:
            self._people[person] = self._registry.person(person)
        return self._people[person]
