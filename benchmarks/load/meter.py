"""Meters: processor time and memory of a process, as Linux keeps them."""

import os
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


class Use(NamedTuple):
    """What a process has used so far: processor seconds; memory now and at most, bytes."""

    cpu_s: float
    rss: int
    peak_rss: int


def use_of(pid: int) -> Use:
    """Of this process with all its threads. Raises `FileNotFoundError` when it has ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    memory = {
        name: int(value.split()[0]) * _KIB
        for name, _, value in (
            line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        if name in {"VmRSS", "VmHWM"}
    }
    return Use((int(fields[11]) + int(fields[12])) / _TICKS, memory["VmRSS"], memory["VmHWM"])


def has_ended(pid: int) -> bool:
    """Whether the process is over (or a zombie)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; nan for none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
