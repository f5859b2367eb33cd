"""The built wheel, installed in a clean environment, away from the checkout."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gaswatch.network import free_port
from support.command import ROOT, environment
from support.waiting import until

pytestmark = pytest.mark.wheel
BUILD_S = 300.0
OURS = {"gascore", "collector", "alerts", "dashboard", "simulator", "gaswatch"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gaswatch-wheel-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """Built from what is in the checkout, with the locked build requirements that are installed here."""
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "build", "--wheel", "--no-build-isolation", "--python", sys.executable]
    command += ["--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=BUILD_S, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def bin_dir(wheel: Path, folder: Path) -> Path:
    """The scripts of an environment that holds the locked packages and the wheel."""
    uv = str(Path(sys.executable).with_name("uv"))
    target = folder / "venv"
    clean = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    python = str(target / "bin" / "python")
    install = [uv, "pip", "install", "--python", python]
    for command in (
        [uv, "venv", "--python", sys.executable, str(target)],
        [*install, "--require-hashes", "--requirement", str(ROOT / "requirements" / "runtime.txt")],
        [*install, "--no-deps", "--no-index", str(wheel)],
        [uv, "pip", "check", "--python", python],
    ):
        subprocess.run(command, check=True, timeout=BUILD_S, env=clean, cwd=folder, capture_output=True)
    return target / "bin"


def settings(data_dir: Path, **extra: str) -> dict[str, str]:
    found = environment(data_dir, extra)
    del found["PYTHONPATH"]
    return found


def test_the_wheel_holds_our_packages_their_migrations_and_the_built_pages_and_nothing_else(
    wheel: Path,
) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == OURS
    assert any(name.startswith("gaswatch/stores/migrations/versions/0001") for name in names)
    assert "dashboard/adapters/web/static/dist/manifest.json" in names
    assert any(name.endswith(".mo") for name in names)
    assert not any("__pycache__" in name or name.startswith(("tests/", "var/")) for name in names)


def test_no_other_package_owns_one_of_our_names(bin_dir: Path) -> None:
    program = (
        "from importlib.metadata import packages_distributions as p\n"
        f"import json; print(json.dumps({{name: p().get(name) for name in {sorted(OURS)!r}}}))"
    )
    done = subprocess.run(
        [bin_dir / "python", "-I", "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout) == {name: ["gaswatch"] for name in OURS}


def test_help_and_migrate_work_away_from_the_checkout(bin_dir: Path, tmp_path: Path) -> None:
    for arguments in (["--help"], ["migrate"]):
        done = subprocess.run(
            [bin_dir / "gaswatch", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=settings(tmp_path / "var"),
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "var" / "gaswatch.db").exists()


def test_the_console_serves_its_login_page_and_an_asset(bin_dir: Path, tmp_path: Path) -> None:
    port = free_port("127.0.0.1")
    ours = settings(tmp_path / "var", GASWATCH_HTTP_PORT=str(port))
    base = f"http://127.0.0.1:{port}"
    subprocess.run([bin_dir / "gaswatch", "migrate"], check=True, env=ours, cwd=tmp_path, timeout=60)
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [bin_dir / "gaswatch", "run", "dashboard"], env=ours, cwd=tmp_path, stdout=log, stderr=log
        ) as process,
    ):
        try:
            asyncio.run(until(lambda: answer(f"{base}/login"), within_s=60, what="the login page"))
            page = answer(f"{base}/login")
            assert page is not None
            assert page.status_code == 200, (tmp_path / "log").read_text()
            style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
            asset = answer(f"{base}{style}")
            assert asset is not None
            assert asset.status_code == 200
            assert asset.headers["content-type"].startswith("text/css")
        finally:
            process.terminate()
            assert process.wait(30) == 0


def answer(url: str) -> requests.Response | None:
    """What is served there; None: nobody listens yet."""
    try:
        return requests.get(url, timeout=5)
    except requests.ConnectionError:
        return None
