"""A run of alerts is dead when nobody holds its file any more."""

import subprocess
import sys
from pathlib import Path

from gaswatch.presence import FilePresence

HOLDS = """
import sys
from pathlib import Path
from gaswatch.presence import FilePresence
one = FilePresence(Path(sys.argv[1]), "alerts-1")
print(one.run, flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_dead_and_a_live_one_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"alerts-1\n"
    ours = FilePresence(tmp_path, "alerts-2")
    assert ours.dead() == frozenset()
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert ours.dead() == {"alerts-1"}
    ours.bury(ours.dead())
    assert ours.dead() == frozenset()
    ours.close()


def test_a_run_that_ended_by_itself_is_dead(tmp_path: Path) -> None:
    FilePresence(tmp_path, "alerts-1").close()
    ours = FilePresence(tmp_path, "alerts-2")
    assert ours.dead() == {"alerts-1"}
    ours.close()


def test_of_a_run_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    ours = FilePresence(tmp_path / "runs", "alerts-1")
    assert ours.run is None
    assert ours.dead() == frozenset()
    ours.close()
