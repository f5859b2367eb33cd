"""One `gaswatch up` for each data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunningError(Exception):
    """Another `gaswatch up` works on the same data; the message says which and what to do."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel gives it back however we end.

    Raises:
        AlreadyRunningError: another process holds it.
        OSError: the folder can't be made or written.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunningError(
                f"another `gaswatch up` (process {holder}) works on {data_dir.absolute()}: "
                "end it, or set GASWATCH_DATA_DIR to another folder"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
