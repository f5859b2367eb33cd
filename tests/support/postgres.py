"""A real PostgreSQL in a temporary folder, on a Unix socket, under a user without rights, ended by its pid."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from threading import Event

import psycopg

from gaswatch.stores.migrate import migrate
from support.absent import absent

DEADLINE_S = 30.0
USER = "gaswatch"


class Postgres:
    """A server that makes as many empty databases as tests want."""

    def __init__(self, socket_folder: Path) -> None:
        self._socket_folder = socket_folder
        self._numbers = count(1)

    def new_database(self, template: str = "template1") -> str:
        """The URL of a database that nobody else uses; empty, or a copy."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return f"postgresql://{USER}@/{name}?host={self._socket_folder}"

    def migrated_database(self) -> str:
        """The same with all tables; they are made once, and copied."""
        return self.new_database(self._migrated)

    @cached_property
    def _migrated(self) -> str:
        url = self.new_database()
        migrate(url)
        return url.partition("@/")[2].partition("?")[0]

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the test's own, each statement by itself."""
        return psycopg.connect(
            host=str(self._socket_folder), user=USER, dbname=database, autocommit=True, connect_timeout=5
        )


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    """Start a server; skip, saying so, only where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        absent("PostgreSQL IS NOT TESTED: no initdb here; apt-get install postgresql-15 (script/test does)")
    folder = Path(tempfile.mkdtemp(prefix="gaswatch-pg-"))
    account = _account()
    try:
        os.chown(folder, account.pw_uid, account.pw_gid)
        log = folder / "log"
        _run([str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8",
              "--locale=C", "--no-sync"], account, log)  # fmt: skip
        server = _start(
            [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder),
             "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off"], account, log)  # fmt: skip
        try:
            postgres = Postgres(folder)
            _wait_until_it_answers(postgres, server, log)
            yield postgres
        finally:
            server.send_signal(signal.SIGINT)  # the fast shutdown: open connections are ended
            server.wait(DEADLINE_S)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps them out of the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name))
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _account() -> pwd.struct_passwd:
    """Who the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _start(command: list[str], account: pwd.struct_passwd, log: Path) -> subprocess.Popen[bytes]:
    as_root = os.geteuid() == 0
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            user=account.pw_uid if as_root else None,
            group=account.pw_gid if as_root else None,
            extra_groups=[] if as_root else None,
        )


def _run(command: list[str], account: pwd.struct_passwd, log: Path) -> None:
    if _start(command, account, log).wait(DEADLINE_S) != 0:
        raise RuntimeError(f"{command[0]} failed:\n{log.read_text()[-2000:]}")


def _wait_until_it_answers(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(int(DEADLINE_S / 0.05)):
        if server.poll() is not None:
            break
        try:
            postgres.connect().close()
        except psycopg.OperationalError:
            Event().wait(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")
