"""A reading becomes one line that every InfluxDB reads the same way."""

import pytest

from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.stores.influx.lines import MOST_LINES, Lines, compress, decompress, tag

AT_MS = 1_790_000_000_000


def lines_for(detector: str = "GD-1", site: str = "s-1", area: str = "a-1", gas: str = "lpg") -> Lines:
    lines = Lines()
    lines.label({1: Labels(DetectorId(detector), site, area, gas)})
    return lines


def test_tags_are_always_all_four_in_the_order_of_their_names() -> None:
    line = lines_for().line(Reading(1, AT_MS, ReportedState.HIGH, 25.0, 12.0, 90.0, -60.0))
    assert line == (
        "detector,area=a-1,detector=GD-1,gas=lpg,site=s-1 "
        "state=6i,lel=25.0,co=12.0,batt=90i,rssi=-60i 1790000000000\n"
    )


def test_an_unknown_label_is_a_dash_so_that_the_tag_set_stays_fixed() -> None:
    line = lines_for(site="", area=" ").line(Reading(1, AT_MS, ReportedState.NORMAL))
    assert line == "detector,area=-,detector=GD-1,gas=lpg,site=- state=0i 1790000000000\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3.0"),
        (0, "0.0"),
        (-0.04, "0.0"),
        (12.34, "12.3"),
        (0.35, "0.4"),
        (100.0, "100.0"),
        (1e9, "1000000000.0"),
    ],
)
def test_a_measured_value_is_always_a_float_of_one_decimal(value: float, written: str) -> None:
    assert f",lel={written} " in lines_for().line(Reading(1, AT_MS, ReportedState.NORMAL, value))


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_left_out(value: float | None) -> None:
    line = lines_for().line(Reading(1, AT_MS, ReportedState.FAULT, value, value, value, value))
    assert line.split(" ")[1] == "state=4i"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Old Town", r"Old\ Town"),
        ("a,b=c", r"a\,b\=c"),
        ("一号 楼", r"一号\ 楼"),
        ("line\nbreak\tand\rmore", r"line\ break\ and\ more"),
        ("back\\slash\\", "back/slash/"),
        ("\n", "-"),
        ('"quoted"', '"quoted"'),
    ],
)
def test_a_tag_can_hold_any_words(value: str, written: str) -> None:
    assert tag(value) == written


def test_numbers_that_nobody_has_named_stay_apart() -> None:
    lines = Lines()
    assert "detector=no-7," in lines.line(Reading(7, AT_MS, ReportedState.NORMAL))
    assert "detector=no-8," in lines.line(Reading(8, AT_MS, ReportedState.NORMAL))


def test_new_labels_hold_from_the_next_line_on() -> None:
    lines = lines_for()
    lines.label({1: Labels(DetectorId("GD-1"), "s-2", "a-1", "lpg")})
    assert "site=s-2 " in lines.line(Reading(1, AT_MS, ReportedState.NORMAL))


def test_many_readings_are_packed_in_order_and_in_parts_that_every_server_takes() -> None:
    readings = [Reading(1, AT_MS + index, ReportedState.NORMAL) for index in range(2 * MOST_LINES + 1)]
    packed = list(lines_for().pack(readings))
    assert [one.points for one in packed] == [MOST_LINES, MOST_LINES, 1]
    lines = b"".join(decompress(one.payload) for one in packed).decode().splitlines()
    assert [int(line.rpartition(" ")[2]) for line in lines] == [one.at_ms for one in readings]


def test_what_is_packed_is_plain_gzip() -> None:
    assert compress(b"x").startswith(b"\x1f\x8b")
