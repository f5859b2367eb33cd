"""Each dependency has its line, with its reason, in docs/adr/0002, and the lock files know it."""

import re
import tomllib

from support.house import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RECORD = (ROOT / "docs/adr/0002-dependencies.md").read_text()


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(file: str) -> set[str]:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {name_of(line) for line in lines if line[:1].isalnum()}


def test_the_record_lists_what_the_package_needs_and_nothing_else() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \| ([^|]*) \| ([^|]*) \|$", RECORD, re.MULTILINE)
    recorded = [name for names, _, _ in rows for name in re.findall(r"`([^`]+)`", names)]

    assert len(recorded) == len(set(recorded))
    assert {name_of(one) for one in PROJECT["project"]["dependencies"]} == set(recorded)
    assert all(purpose.strip() and why.strip() for _, purpose, why in rows)


def test_the_lock_files_hold_what_the_package_and_its_developers_need() -> None:
    runtime = {name_of(one) for one in PROJECT["project"]["dependencies"]}
    developers = {name_of(one) for one in PROJECT["dependency-groups"]["dev"]}

    assert runtime <= locked("runtime.txt")
    assert runtime | developers <= locked("dev.txt")


def test_every_locked_version_has_its_hashes() -> None:
    for file in ("runtime.txt", "dev.txt"):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements" / file).read_text())
        for block in blocks:
            if block[:1].isalnum():
                assert re.match(r"[\w.\[\],-]+==[\w.]+", block), block.partition("\n")[0]
                assert "--hash=sha256:" in block, block.partition("\n")[0]
