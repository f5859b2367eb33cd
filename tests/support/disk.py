"""Disks that get full: a small one of its own, and a limit on a process's files where one may not mount."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

PIECE: Final = b"\0" * 4096


class SmallDisk:
    """A file system in memory that a test fills up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take all the room that is left."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(PIECE)

    def free(self) -> None:
        """Somebody tidies up."""
        self._ballast.unlink()


@contextmanager
def a_small_disk(folder: Path, megabytes: int = 64) -> Iterator[SmallDisk]:
    """Mounted at `folder`; skips the test where one may not mount."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(
            "a disk of its own needs the right to mount; a limit on files stands in for it beside this test"
        )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def no_room_for(pid: int) -> Iterator[None]:
    """None of the process's writes to files works (EFBIG); needs no rights."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
