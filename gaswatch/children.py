"""Starts child processes that end with us: own session, own process group, told when the parent dies."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


async def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
) -> Process:
    """Start `command`; `output` takes both of its streams (None: ours).

    Its own session keeps the terminal's Ctrl-C from it: whoever started it ends it, in order.

    Raises:
        OSError: it can't be started.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        preexec_fn=_dies_with(os.getpid()),
    )


async def end(process: Process, *, within_s: float) -> bool:
    """Ask it to stop, and kill its whole group when it doesn't; False when it had to be killed."""
    if process.returncode is not None:
        return True
    process.terminate()
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        kill_group(process)
        await process.wait()
        return False
    return True


def kill_group(process: Process) -> None:
    """Kill it and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _dies_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        """Run in the child before its program: SIGTERM when the parent dies, even by kill -9."""
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
