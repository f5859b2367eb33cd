"""The repository's files as they would be committed, and what is in them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gascore", "collector", "alerts", "dashboard", "simulator", "gaswatch")
SERVICES = ("collector", "alerts", "dashboard", "simulator")
_BINARY = {".png", ".jpg", ".ico", ".woff2", ".wav", ".mp3", ".ogg"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the repository, and what is new and not ignored; relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout.decode()
    return tuple(sorted(path for one in listed.split("\0") if one and (ROOT / (path := Path(one))).is_file()))


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file and what is in it."""
    for path in tracked():
        if path.suffix not in _BINARY:
            yield path, (ROOT / path).read_text(encoding="utf-8")


def modules(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """The Python files of these packages (none: all there are), parsed."""
    for path, text in texts():
        if path.suffix == ".py" and (not packages or path.parts[0] in packages):
            yield path, ast.parse(text)


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
