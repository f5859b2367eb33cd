"""Which runs of alerts are alive: each holds a lock on a file of its own, and the kernel gives it back however it ends.

Runs on other machines, or with another data folder, leave nothing here: of those nothing is known, and what they
were at waits for its lease. The folder must not lie on a network file system that keeps locks to itself.
"""

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import structlog

_log = structlog.get_logger(__name__)
_ENDING = ".lock"


class FilePresence:
    """Implements `alerts.ports.Presence`; alive from its making until `close` or the end of the process."""

    def __init__(self, folder: Path, run: str) -> None:
        """Be there as `run`, a name that was never used. Without a lock this run goes on, and nobody can tell."""
        self._folder = folder
        self._file: TextIO | None = None
        self.run: str | None = None
        draft = folder / run
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = draft.open("x")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Only now can others see it: a file without its lock would be that of a dead run.
            draft.rename(folder / f"{run}{_ENDING}")
            self.run = run
        except OSError as error:
            _log.warning("no_presence", why=str(error), do=f"let gaswatch write to {folder}")

    def dead(self) -> frozenset[str]:
        """Runs whose file nobody holds. Blocking."""
        return frozenset(path.stem for path in self._folder.glob(f"*{_ENDING}") if _is_free(path))

    def bury(self, runs: frozenset[str]) -> None:
        """Remove their files. Blocking."""
        for run in runs:
            with suppress(OSError):  # it costs nobody anything; the next run tries again
                (self._folder / f"{run}{_ENDING}").unlink(missing_ok=True)

    def close(self) -> None:
        """Be no longer there: nothing of this run's is on its way any more."""
        if self._file is not None:
            self._file.close()


def _is_free(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # held; or gone meanwhile, and then nothing is known
        return False
    return True
