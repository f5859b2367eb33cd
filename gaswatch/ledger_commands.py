"""`gaswatch ledger import|export`."""

from pathlib import Path

from gaswatch import ledger_file
from gaswatch.clock import SystemClock
from gaswatch.settings import load
from gaswatch.stores.existing import existing_store
from gaswatch.stores.policy_check import uncovered
from gaswatch.stores.registry import SqlRegistry


def bring_in(file: Path) -> tuple[int, str | None]:
    """Put a ledger's file into the store; returns how many records were added or changed, and what to mind.

    Raises:
        LedgerFileError, LedgerError: it can't be stored as it is; nothing was.
        SettingsError, StoreDownError, OSError: as they say.
    """
    ledger = ledger_file.read(file)
    with existing_store(load()) as engine:
        registry = SqlRegistry(engine)
        changes = registry.put(ledger, by="ledger import", at_ms=SystemClock().now_ms())
        return changes, uncovered(registry.policies()) if ledger.policies else None


def take_out(file: Path) -> int:
    """Write the store's ledger to a file; returns how many records it has.

    Raises:
        SettingsError, StoreDownError, OSError: as they say.
    """
    with existing_store(load()) as engine:
        ledger = SqlRegistry(engine).ledger()
    ledger_file.write(file, ledger)
    return sum(len(getattr(ledger, name)) for name in ledger.__struct_fields__)
