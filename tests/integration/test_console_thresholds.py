"""What an operator and a program are told of a detector's thresholds, and of one in another gas than its own."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert

from collector.rules.page import Standing
from gascore.journal import Sample
from gascore.readings import Reading
from gascore.registry import Ledger
from gascore.thresholds import Profile
from gascore.words import ReportedState, SupplyGas, TargetGas
from gaswatch.stores.engine import writing
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import detector_state
from support.alarms import NOW_MS, a_leak, raised
from support.console import Console, a_console
from support.history_town import JANUARY_MS
from support.waiting import until

pytestmark = pytest.mark.integration
AT_MS = JANUARY_MS + 60_000


def hang(console: Console, target: TargetGas, *profiles: Profile) -> None:
    """Detector d1, made for `target`, in a room with LPG; it shows 20 %LEL."""
    registry = SqlRegistry(console.engine)
    ledger = registry.ledger()
    (one,) = (detector for detector in ledger.detectors if detector.id == "d1")
    registry.put(
        Ledger(
            rooms=tuple(msgspec.structs.replace(room, supply_gas=SupplyGas.LPG) for room in ledger.rooms),
            detectors=(msgspec.structs.replace(one, model="JT-1", target=frozenset({target})),),
            profiles=profiles,
        ),
        by="test",
        at_ms=JANUARY_MS,
    )
    console.readings.write([Reading(1, AT_MS, ReportedState.NORMAL, lel=20.0)])


async def test_a_detector_in_another_gas_has_both_numbers(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        hang(console, TargetGas.METHANE)
        found = (await (await console.signed_in()).get("/api/v1/detectors/d1")).json()
    assert found["last"]["lel"] == 20.0
    assert found["corrected"] == {"least": 32.4, "most": 35.0}
    assert (found["thresholds"]["low_lel"], found["thresholds"]["clear_delay_s"]) == (25.0, 30.0)


async def test_the_detectors_own_word_on_its_gas_counts_as_well(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        hang(console, TargetGas.LPG)
        browser = await console.signed_in()
        assert (await browser.get("/api/v1/detectors/d1")).json()["corrected"] is None
        body = msgspec.json.encode({"id": "d1", "standing": Standing(reported=True, declared="methane")})
        with writing(console.engine) as connection:
            connection.execute(insert(detector_state).values(no=1, body=body, changed_ms=AT_MS))
        assert (await browser.get("/api/v1/detectors/d1")).json()["corrected"]["most"] == 35.0


async def test_the_profile_of_its_model_is_shown_as_soon_as_it_is_imported(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        hang(
            console,
            TargetGas.METHANE,
            Profile("jt-1", model="JT-1", low_lel=12.0, methane_on_lpg=0.0, methane_on_lpg_max=0.0),
        )
        found = (await (await console.signed_in()).get("/api/v1/detectors/d1")).json()
    assert (found["thresholds"]["low_lel"], found["thresholds"]["high_lel"]) == (12.0, 50.0)
    assert found["corrected"] is None, "of this model nothing is known in LPG"


async def test_an_alarm_in_the_list_has_both_numbers(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        console.open_alarm(a_leak())
        sample = Sample(NOW_MS, lel=20.0, corrected_lel=35.0)
        console.journal.append([msgspec.structs.replace(raised(20.0), sample=sample)], NOW_MS)
        browser = await console.signed_in()
        await until(lambda: bool(console.parts.follower.picture.board.rows()), what="the alarm is folded")
        await until(
            lambda: console.parts.follower.picture.board.rows()[0].lel == 20.0, what="so is its number"
        )
        (item,) = (await browser.get("/api/v1/alarms")).json()["items"]
        assert (item["lel"], item["corrected_lel"]) == (20.0, 35.0)
