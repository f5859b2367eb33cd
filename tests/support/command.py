"""The `gaswatch` command as a user runs it: another process, its environment, its output."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTHING: Mapping[str, str] = {}


def environment(data_dir: Path, extra: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Ours without any setting of gaswatch's, with `data_dir` and `extra`."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GASWATCH_", "TWILIO_", "INFLUXDB_"))
    }
    return {**kept, "PYTHONPATH": str(ROOT), "GASWATCH_DATA_DIR": str(data_dir), **extra}


def gaswatch(
    *arguments: str, data_dir: Path, extra: Mapping[str, str] = NOTHING, within_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run to the end, in `data_dir`'s parent, so that no gaswatch.toml of the checkout is read."""
    return subprocess.run(
        [sys.executable, "-m", "gaswatch", *arguments],
        env=environment(data_dir, extra),
        cwd=data_dir.parent if data_dir.parent.is_dir() else "/",
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
