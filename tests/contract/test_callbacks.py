"""What a provider tells us is taken once, on each store, however often and however much at once it is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import DBAPIError

from gascore.journal import Entry, ReceiptReceived, StoreDownError
from gaswatch.stores.callbacks import SqlCallbacks
from gaswatch.stores.engine import writing
from gaswatch.stores.journal import SqlJournal
from support.stores import Store

pytestmark = pytest.mark.contract
TOLD = ReceiptReceived(channel="twilio_sms", provider_id="SM1", status="delivered")
ONE, OTHER = b"1" * 32, b"2" * 32


def entries(store: Store) -> list[Entry]:
    return SqlJournal(store.engine).after(0, 100)


def test_what_is_told_again_is_not_journaled_again_and_gives_the_first_instant(store: Store) -> None:
    callbacks = SqlCallbacks(store.engine)
    assert callbacks.take(ONE, [TOLD], 1_000) is None
    assert callbacks.take(ONE, [TOLD], 2_000) == 1_000
    assert callbacks.take(ONE, [TOLD], 9_000) == 1_000
    assert callbacks.take(OTHER, [TOLD, TOLD], 3_000) is None
    assert [entry.at_ms for entry in entries(store)] == [1_000, 3_000, 3_000]


def test_what_is_told_many_times_at_once_is_taken_once(store: Store) -> None:
    callbacks = SqlCallbacks(store.engine)
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda at_ms: callbacks.take(ONE, [TOLD], at_ms), range(1, 13)))
    assert said.count(None) == 1
    (entry,) = entries(store)
    assert {first for first in said if first is not None} == {entry.at_ms}


def test_what_could_not_be_journaled_was_not_taken(store: Store) -> None:
    callbacks = SqlCallbacks(store.engine)
    with writing(store.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE journal RENAME TO elsewhere")
    with pytest.raises((StoreDownError, DBAPIError)):
        callbacks.take(ONE, [TOLD], 1_000)
    with writing(store.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO journal")
    assert callbacks.take(ONE, [TOLD], 2_000) is None
    assert len(entries(store)) == 1
