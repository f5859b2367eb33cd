"""The ledger as a file: JSON of `gascore.registry.Ledger`, to bring a town in and to take it out."""

from pathlib import Path

import msgspec

from gascore.registry import Ledger


class LedgerFileError(Exception):
    """The file is not a ledger; the message says where and what to do."""


def read(path: Path) -> Ledger:
    """Read and check a whole file.

    Raises:
        LedgerFileError: it is not JSON, or not of the ledger's shape.
        OSError: it can't be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ledger)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LedgerFileError(
            f"{path}: {error}; `gaswatch ledger export FILE` writes the form that is read"
        ) from error


def write(path: Path, ledger: Ledger) -> None:
    """Write it so that a person can read and change it; an old file stays whole until the new one is.

    Raises:
        OSError: it can't be written.
    """
    text = msgspec.json.format(msgspec.json.encode(ledger, order="deterministic"), indent=2)
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(text + b"\n")
    draft.replace(path)
