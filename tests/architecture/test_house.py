"""The house rules that no linter knows."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from support.house import PACKAGES, ROOT, SERVICES, imported, modules, texts, tracked

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
MIGRATIONS = Path("gaswatch/stores/migrations/versions")  # generated: one statement for each table
CODE = {".py", ".ts", ".css", ".html", ".js"}
# Says nothing about what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "stuff", "base"}
# What a service may know beside adapters: structs, and a log in service/.
PLAIN = {"msgspec", "phonenumbers", "structlog"}
# Written in two parts, so that this file does not hold what it forbids.
REGISTRIES = [
    "pythonhosted" + ".org",
    "pypi" + ".org/simple",
    "registry" + ".npmjs",
    "registry" + ".yarnpkg",
    "index" + "-url http",
    "index" + "-url=http",
    '"resol' + 'ved":',
]
MACHINE_PATHS = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/"]


def test_files_stay_short() -> None:
    long = {
        str(path): count
        for path, text in texts()
        if path.suffix in CODE and (count := text.count("\n")) > MOST_LINES
    }
    assert long == {}


def test_functions_stay_short() -> None:
    long = {}
    for path, tree in modules():
        for node in () if path.parent == MIGRATIONS else ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long[f"{path}:{node.name}"] = lines
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in tracked() if path.suffix == ".py" and path.stem in EMPTY_NAMES] == []
    assert [str(path) for path in tracked() if EMPTY_NAMES & set(path.parts[:-1])] == []


def test_no_file_holds_a_registrys_address_or_a_path_of_somebodys_machine() -> None:
    found = [
        f"{path}: {what}" for path, text in texts() for what in [*REGISTRIES, *MACHINE_PATHS] if what in text
    ]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_only_adapters_know_a_technology(service: str) -> None:
    known = set(sys.stdlib_module_names) | {"gascore", service} | PLAIN
    strangers = {
        str(path): unknown
        for path, tree in modules(service)
        if path.parts[1] != "adapters" and (unknown := imported(tree) - known)
    }
    assert strangers == {}


def test_the_product_does_not_know_its_tests() -> None:
    outside = {"tests", "support", "benchmarks", "pytest", "hypothesis", "playwright", "mypy", "ruff"}
    assert {str(path): bad for path, tree in modules(*PACKAGES) if (bad := imported(tree) & outside)} == {}


def test_a_rule_that_is_switched_off_has_its_reason_beside_it() -> None:
    silenced = re.compile(r"#\s*(noqa\b.*|type: ignore.*|pragma: no cover.*)")
    reasoned = re.compile(
        r"noqa: [A-Z0-9, ]+( -- |  # )\S.*|type: ignore\[[a-z-, ]+\]  # \S.*|pragma: no cover( -- |  # )\S.*"
    )
    bare = []
    for path, text in texts():
        if path.suffix == ".py" and path != Path(__file__).relative_to(ROOT):
            bare += [
                f"{path}:{number}: {match[0]}"
                for number, line in enumerate(text.splitlines(), 1)
                if (match := silenced.search(line)) and not reasoned.fullmatch(match[1].strip())
            ]
    assert bare == []


def test_decisions_are_numbered_once_and_say_their_number() -> None:
    files = [path for path in tracked() if path.parent == Path("docs/adr")]
    numbers = [path.name[:4] for path in files]

    assert len(numbers) == len(set(numbers))
    for path in files:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name), path
        first = (ROOT / path).read_text().partition("\n")[0]
        assert re.fullmatch(rf"# {int(path.name[:4])}\. \S.*", first), f"{path}: {first}"


def test_every_decision_that_is_referred_to_is_written() -> None:
    written = {path.name[:4] for path in tracked() if path.parent == Path("docs/adr")}
    missing: dict[str, list[str]] = {}
    for path, text in texts():
        for number in re.findall(r"\badr/(\d{4})\b", text):
            if number not in written:
                missing.setdefault(number, []).append(str(path))
    assert missing == {}


def test_links_between_pages_lead_somewhere() -> None:
    dead = []
    for path, text in texts():
        if path.suffix == ".md":
            prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
            dead += [
                f"{path}: {link}"
                for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose)
                if "://" not in link and not (ROOT / path.parent / link).exists()
            ]
    assert dead == []


def test_files_that_a_page_names_exist() -> None:
    named = re.compile(rf"`((?:{'|'.join(PACKAGES)}|tests|docs|script|benchmarks|web)/[\w./-]+\.\w+)`")
    gone = [
        f"{path}: {name}"
        for path, text in texts()
        if path.suffix == ".md"
        for name in named.findall(text)
        if not (ROOT / name).exists()
    ]
    assert gone == []


def test_nobody_else_owns_our_names() -> None:
    owners = packages_distributions()
    assert {name: found for name in PACKAGES if (found := set(owners.get(name, ())) - {"gaswatch"})} == {}
