"""Ports of this machine: free, busy, answering."""

import errno
import socket

_PROBE_S = 0.5


class PortBusyError(Exception):
    """Another program has a port that we need; the message names the setting that moves ours."""


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there now. Raises `OSError` when `host` is no address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port in TIME_WAIT after our own last run counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            return False
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def need_free(host: str, port: int, setting: str) -> None:
    """Check that we can listen.

    Raises:
        PortBusyError: one line that names `setting` and says what to do.
    """
    try:
        if is_free(host, port):
            return
        why = "is in use or not allowed"
    except OSError as error:
        why = f"can't be used ({error.strerror})"
    raise PortBusyError(f"{setting}: port {port} on {host} {why}; end the other program or set another port")


def free_port(host: str) -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there. Blocking for at most half a second."""
    try:
        with socket.create_connection((host, port), timeout=_PROBE_S):
            return True
    except OSError:
        return False
