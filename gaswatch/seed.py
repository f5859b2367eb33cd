"""`python -m gaswatch.seed`: puts the simulated town into the ledger, for containers that play it.

`gaswatch up --demo` does the same by itself.
"""

import sys

from gaswatch.clock import SystemClock
from gaswatch.demo import seed
from gaswatch.errors import line_of
from gaswatch.settings import load


def main() -> int:
    """Seed the store of the settings; returns the exit code."""
    try:
        changes = seed(load(), SystemClock())
    except Exception as error:
        line = line_of(error)
        if line is None:
            raise
        sys.stderr.write(f"{line}\n")
        return 1
    sys.stdout.write(f"the simulated town is in the ledger: {changes} records added or changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
