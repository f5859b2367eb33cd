"""The journal's hash chain: what a third party computes to check it (docs/journal-format.md)."""

from hashlib import sha256


def chain(previous: bytes, rows: list[tuple[int, int, bytes]]) -> bytes:
    """The hash of a sealed block: SHA-256 over the block before and the rows (id, at_ms, body).

    Every field is length-prefixed by its fixed form, so that no two journals share a hash.
    """
    digest = sha256(previous)
    for number, at_ms, body in rows:
        digest.update(f"{number}:{at_ms}:{len(body)}:".encode())
        digest.update(body)
    return digest.digest()
