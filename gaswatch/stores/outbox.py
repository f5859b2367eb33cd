"""The outbox in SQL: notices with their texts and numbers, from "pending" to "delivered"."""

from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import Connection, Select, func, select, update

from alerts.rules.delivery import Parcel, Receipt, rank_of
from alerts.rules.receipts import receipt_of
from alerts.rules.sending import wake_ms
from gascore.alarm import ChannelKind, NoticePurpose, NoticeState
from gascore.journal import ReceiptReceived, decode
from gascore.words import AlarmId, NoticeId
from gaswatch.stores.schema import alarm, journal, notice
from gaswatch.stores.upsert import insert_new

_log = structlog.get_logger()
PUT_OFF_MS: Final = 60_000
"""How much later a notice that can't be read is looked at again: by then we may be another version."""
_encode: Final = msgspec.json.Encoder().encode
_parcel_of: Final = msgspec.json.Decoder(Parcel).decode
_bodies: Final[Select[Any]] = select(notice.c.body)
_highest_id: Final = select(func.coalesce(func.max(notice.c.id), 0))


class SqlNotices:
    """Implements `alerts.ports.Notices`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._highest: int | None = None

    def new_id(self) -> NoticeId:
        """The id of the next notice; asked for once, nobody else makes notices meanwhile."""
        if self._highest is None:
            self._highest = int(self._connection.execute(_highest_id).scalar_one())
        self._highest += 1
        return NoticeId(self._highest)

    def add(self, parcel: Parcel) -> bool:
        """Store a new notice; False: one with its `once_key` exists, nothing was stored."""
        row = {"id": parcel.notice.id, **_fixed(parcel), **_moving(parcel)}
        return insert_new(self._connection, notice, row, unless="once_key")

    def put(self, parcel: Parcel) -> None:
        """Replace a notice."""
        self._connection.execute(
            update(notice).where(notice.c.id == parcel.notice.id).values(_moving(parcel))
        )

    def of_id(self, notice_id: NoticeId) -> Parcel | None:
        """One notice."""
        return self._first(_bodies.where(notice.c.id == notice_id))

    def of_alarm(self, alarm_id: AlarmId) -> list[Parcel]:
        """All notices of an alarm, in the order of their making."""
        return self._all(_bodies.where(notice.c.alarm == alarm_id).order_by(notice.c.id))

    def of_provider(self, provider_id: str) -> Parcel | None:
        """The notice that a provider calls so."""
        return self._first(_bodies.where(notice.c.provider_id == provider_id))

    def open_codes(self, address: str) -> dict[str, AlarmId]:
        """The reply codes that a phone was given, of alarms that are still open."""
        query = (
            select(notice.c.reply_code, notice.c.alarm)
            .join_from(notice, alarm, notice.c.alarm == alarm.c.id)
            .where(notice.c.address == address, notice.c.reply_code.is_not(None), alarm.c.closed_ms.is_(None))
            .distinct()
        )
        return {code: AlarmId(alarm_id) for code, alarm_id in self._connection.execute(query)}

    def forget_codes(self, alarm_id: AlarmId) -> None:
        """The alarm is closed: its codes are free, and who looks for codes need not pass by them for years."""
        self._connection.execute(update(notice).where(notice.c.alarm == alarm_id).values(reply_code=None))

    def answers_since(self, address: str, since_ms: int) -> int:
        """How many answers to replies a phone was given since then."""
        query = _bodies.where(
            notice.c.address == address,
            notice.c.once_key.startswith(f"{NoticePurpose.ANSWER}:", autoescape=True),
            notice.c.created_ms >= since_ms,
        )
        return len(self._all(query))

    def due(self, now_ms: int, limit: int) -> list[Parcel]:
        """Notices to be sent or asked about: the most urgent, then what is news, then the oldest first.

        One that this version can't read is put off: it must not stand before all others at every look.
        """
        order = (notice.c.urgency, notice.c.rank, notice.c.created_ms, notice.c.id)
        query = select(notice.c.id, notice.c.body).where(notice.c.wake_ms <= now_ms)
        found = []
        for row in self._connection.execute(query.order_by(*order).limit(limit)).all():
            if parcel := _read(row.body):
                found.append(parcel)
            else:
                _log.error("notice_unreadable", notice=row.id)
                later = update(notice).where(notice.c.id == row.id)
                self._connection.execute(later.values(wake_ms=notice.c.wake_ms + PUT_OFF_MS))
        return found

    def next_due_ms(self) -> int | None:
        """When the next notice is to be looked at."""
        found: int | None = self._connection.execute(select(func.min(notice.c.wake_ms))).scalar_one()
        return found

    def leased(self) -> list[Parcel]:
        """What a sender may be at, or was when it died."""
        # Whatever has a lease is looked at when it runs out: the index leads past all that is settled.
        query = _bodies.where(notice.c.wake_ms >= 0, notice.c.lease_ms.is_not(None))
        return self._all(query.order_by(notice.c.id))

    def waiting(self, channel: str, address: str) -> list[Parcel]:
        """What is PENDING for this address by this channel, the oldest first."""
        query = _bodies.where(
            notice.c.address == address, notice.c.channel == channel, notice.c.state == NoticeState.PENDING
        )
        return self._all(query.order_by(notice.c.id))

    def begun(self, channel: ChannelKind, address: str, since_ms: int, *, broad: bool = False) -> list[int]:
        """When requests to this address left by this channel since then, ms, ascending; `broad`: of no site's alarm."""
        query = select(notice.c.begun_ms).where(
            notice.c.address == address, notice.c.channel == channel.value, notice.c.begun_ms >= since_ms
        )
        if broad:
            query = query.join_from(notice, alarm, notice.c.alarm == alarm.c.id).where(alarm.c.site.is_(None))
        return [int(at) for at in self._connection.execute(query.order_by(notice.c.begun_ms)).scalars()]

    def provider_ids(self, address: str, since_ms: int) -> frozenset[str]:
        """What providers call the notices whose requests to this address left since then."""
        query = select(notice.c.provider_id).where(
            notice.c.address == address, notice.c.begun_ms >= since_ms, notice.c.provider_id.is_not(None)
        )
        return frozenset(self._connection.execute(query).scalars())

    def receipts(self, provider_id: str, since_ms: int) -> list[Receipt]:
        """Receipts that came before we knew that `provider_id` is ours."""
        query = (
            select(journal.c.body)
            .where(journal.c.kind == ReceiptReceived.__struct_config__.tag, journal.c.at_ms >= since_ms)
            .order_by(journal.c.id)
        )
        events = [decode(body) for body in self._connection.execute(query).scalars()]
        ours = [e for e in events if isinstance(e, ReceiptReceived) and e.provider_id == provider_id]
        return [receipt for e in ours if (receipt := receipt_of(e.status, e.code))]

    def _first(self, query: Select[Any]) -> Parcel | None:
        body = self._connection.execute(query).scalar()
        return None if body is None else _read(body)

    def _all(self, query: Select[Any]) -> list[Parcel]:
        """Without what can't be read: rather is somebody told twice than nobody (the auditor says which)."""
        return [one for body in self._connection.execute(query).scalars() if (one := _read(body))]


def _read(body: str) -> Parcel | None:
    try:
        return _parcel_of(body)
    except msgspec.MsgspecError:
        return None


def _fixed(parcel: Parcel) -> dict[str, object]:
    one = parcel.notice
    return {
        "once_key": parcel.once_key,
        "alarm": one.alarm,
        "person": one.person,
        "address": parcel.address,
        "channel": one.channel,
        "urgency": int(parcel.urgency),
        "reply_code": parcel.reply_code,
        "text": parcel.text,
        "rank": rank_of(one.purpose),
        "created_ms": one.created_ms,
    }


def _moving(parcel: Parcel) -> dict[str, object]:
    one = parcel.notice
    return {
        "state": one.state,
        "due_ms": parcel.due_ms,
        "expires_ms": parcel.expires_ms,
        "lease_ms": parcel.lease_ms,
        "attempts": parcel.attempts,
        "wake_ms": wake_ms(parcel),
        "begun_ms": parcel.begun_ms,
        "provider_id": one.provider_id,
        "body": _encode(parcel),
    }
