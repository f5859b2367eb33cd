"""Writes generated files so that a reader sees the old text or the new one, never half of it."""

import os
from pathlib import Path


def put(path: Path, text: str) -> bool:
    """Replace the file's text (mode 0600: it may hold secrets); False when it was the same already.

    Raises:
        OSError: the folder can't be written.
    """
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
    return True
