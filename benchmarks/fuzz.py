"""Bad input: `python -m benchmarks.fuzz [--payloads N] [--seed N] [--json FILE]`.

Damaged, hostile and strange messages go through decoder, rules and stores. It ends with 1 when an exception came
out, a message is unaccounted for, or memory grew: the same seed makes the same messages.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.load.fuzzing import Fuzz, Outcome

GROWTH = 64 * 1024 * 1024
"""Bytes that memory may grow by after the first tenth: caches of the stores, and what the allocator keeps."""


def main() -> int:
    """Throw, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        fuzz = Fuzz(Path(folder), given.seed)
        try:
            outcome = fuzz.run(given.payloads)
        finally:
            fuzz.close()
    report(outcome, given.seed)
    if given.json:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    has_grown = outcome.rss_last - outcome.rss_early > GROWTH
    return 1 if outcome.failures or outcome.residual or has_grown else 0


def report(outcome: Outcome, seed: int) -> None:
    """For people."""
    line = "{:36} {:>14,}".format
    print(line(f"payloads (seed {seed})", outcome.payloads))
    print(line("payloads/s, decoder and rules", round(outcome.payloads / max(outcome.taking_s, 0.001))))
    total_s = max(outcome.taking_s + outcome.storing_s, 0.001)
    print(line("payloads/s, with the stores", round(outcome.payloads / total_s)))
    for name, count in outcome.decoded.items():
        print(line(f"decoder: {name}", count))
    for name, count in outcome.outcomes.items():
        print(line(f"collector: {name}", count))
    for name, count in outcome.rejected_by.items():
        print(line(f"rejected: {name}", count))
    print(line("journaled", outcome.events))
    print(line("unaccounted for", outcome.residual))
    for name in ("first", "early", "last"):
        print(line(f"memory, {name}, KiB", getattr(outcome, f"rss_{name}") // 1024))
    print(line("exceptions", len(outcome.failures)))
    for failure in outcome.failures:
        print("   ", failure)


if __name__ == "__main__":
    sys.exit(main())
