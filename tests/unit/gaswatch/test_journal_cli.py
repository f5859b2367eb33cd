"""`gaswatch journal verify`: what it says and how it exits."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gaswatch.journal_cli import MOST_SHOWN, app
from support.sealed_journal import a_sealed_journal, tamper


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments])


def newest(result: Result) -> str:
    found = re.search(r"^newest block: (\d+:[0-9a-f]{64})$", result.stdout, re.MULTILINE)
    assert found, result.output
    return found[1]


def test_a_sound_journal_says_so_and_what_to_write_down(tmp_path: Path) -> None:
    a_sealed_journal(tmp_path)

    result = verify()

    assert result.exit_code == 0
    assert "nothing is wrong: 2,000 entries in 2 blocks, 3 not sealed yet" in result.stdout
    assert newest(result).startswith("2000:")
    assert verify("--noted", newest(result)).exit_code == 0


def test_an_empty_journal_is_sound(tmp_path: Path) -> None:
    a_sealed_journal(tmp_path, blocks=0)
    tamper(tmp_path / "gaswatch.db", "DELETE FROM journal")

    result = verify()

    assert (result.exit_code, result.stdout) == (
        0,
        "nothing is wrong: 0 entries in 0 blocks, 0 not sealed yet\n",
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE journal SET at_ms = 1 WHERE id = 7", "changed: entries 1 to 1000"),
        ("DELETE FROM journal WHERE id = 1500", "missing: entry 1500"),
        ("DELETE FROM journal_block WHERE first_id = 1", "chain_broken: "),
        (
            "UPDATE journal SET detector = 'D9' WHERE id = 2",
            "misfiled: entry 2: not as in the body: detector",
        ),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_1(tmp_path: Path, change: str, says: str) -> None:
    tamper(a_sealed_journal(tmp_path), change)

    result = verify()

    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stdout == ""


def test_a_cut_off_end_is_seen_with_what_was_written_down(tmp_path: Path) -> None:
    file = a_sealed_journal(tmp_path)
    before = newest(verify())
    tamper(file, "DELETE FROM journal_block WHERE first_id = 1001", "DELETE FROM journal WHERE id > 1000")

    assert verify().exit_code == 0
    result = verify("--noted", before)
    assert result.exit_code == 1
    assert "cut_off: entry 2000: the block that was written down is gone" in result.stderr


def test_a_chain_that_was_computed_anew_is_seen_with_what_was_written_down(tmp_path: Path) -> None:
    a_sealed_journal(tmp_path)
    before = newest(verify())
    other = before[:-1] + ("0" if before[-1] != "0" else "1")

    result = verify("--noted", other)

    assert result.exit_code == 1
    assert "another hash than was written down" in result.stderr


def test_many_problems_are_counted_instead_of_printed(tmp_path: Path) -> None:
    tamper(a_sealed_journal(tmp_path), "UPDATE journal SET site = 'S9' WHERE id > 1")

    result = verify()

    assert result.stderr.splitlines()[0] == "gaswatch journal verify: 2,002 problems, oldest first"
    assert result.stderr.splitlines()[-1] == f"and {2002 - MOST_SHOWN:,} more"
    assert len(result.stderr.splitlines()) == MOST_SHOWN + 2


@pytest.mark.parametrize("noted", ["2000", "x:y", "2000:abc"])
def test_a_noted_block_that_is_none_says_how_it_is_written(tmp_path: Path, noted: str) -> None:
    a_sealed_journal(tmp_path)

    result = verify("--noted", noted)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "64 hexadecimal digits" in result.stderr


def test_without_a_store_it_says_what_to_do() -> None:
    result = verify()

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "there is no store at" in result.stderr
