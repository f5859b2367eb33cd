"""A real PostgreSQL for tests: its own cluster in a temporary folder, one database for each test."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import psycopg

from support.broker import free_port

DEADLINE_S = 30.0
_names = count(1)


def program(name: str) -> str:
    """The path of a PostgreSQL program; Debian keeps them off the path."""
    places = [str(one) for one in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join(places)) or shutil.which(name)
    assert found, f"{name} is not installed; script/test does it"
    return found


class Postgres:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        self.port = port

    def new_database(self) -> str:
        """Make an empty database; returns its URL."""
        name = f"test_{next(_names)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, database: str) -> str:
        return f"postgresql://gaswatch@127.0.0.1:{self.port}/{database}"


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    """Start a server, end it by its process id and remove its folder. It does not run as root, so we step down."""
    folder = Path(tempfile.mkdtemp(prefix="gaswatch-postgres-"))
    user = None
    if os.geteuid() == 0:
        user = "postgres"
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    cluster, port = folder / "cluster", free_port()
    make = ["-D", str(cluster), "-U", "gaswatch", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [program("initdb"), *make], check=True, capture_output=True, user=user, cwd=folder, timeout=DEADLINE_S
    )
    options = ["-D", str(cluster), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program("postgres"), *options], stdout=log, stderr=log, user=user, cwd=folder
        )
    try:
        postgres = Postgres(port)
        for _ in range(int(DEADLINE_S / 0.05)):
            if postgres.answers() or server.poll() is not None:
                break
            Event().wait(0.05)
        assert postgres.answers(), (folder / "log").read_text()
        yield postgres
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(DEADLINE_S)
        shutil.rmtree(folder)
