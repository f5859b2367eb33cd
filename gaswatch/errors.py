"""Errors that are a user's to mend: each is one line that says what to do, without a traceback."""

from gascore.journal import StoreDownError
from gaswatch.broker.service import BrokerFailedError
from gaswatch.demo import DemoError
from gaswatch.ledger_file import LedgerFileError
from gaswatch.lock import AlreadyRunningError
from gaswatch.network import PortBusyError
from gaswatch.settings import SettingsError
from gaswatch.stores.ledger_check import LedgerError
from gaswatch.stores.migrate import SchemaError
from gaswatch.users import UserError

_OURS = (
    AlreadyRunningError,
    BrokerFailedError,
    DemoError,
    LedgerError,
    LedgerFileError,
    PortBusyError,
    SchemaError,
    SettingsError,
    UserError,
    StoreDownError,  # with StoreUnusableError
)


def line_of(error: BaseException) -> str | None:
    """The line for the user; None: it is a defect of ours and needs its traceback."""
    if isinstance(error, BaseExceptionGroup):
        lines = {line_of(one) for one in error.exceptions}
        return lines.pop() if len(lines) == 1 else None
    if isinstance(error, _OURS):
        return " ".join(str(error).split())
    if isinstance(error, PermissionError):
        return (
            f"{error.filename or 'a file'}: {error.strerror}; give the user that runs gaswatch the right to, "
            "or set GASWATCH_DATA_DIR to a folder that you may write to"
        )
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return None
