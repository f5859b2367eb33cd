"""Every relational table, once. SQLite and PostgreSQL share these definitions.

Instants are BIGINT milliseconds since 1970 UTC; the database is never asked for the time (a test bans
its clock functions). JSON is text that msgspec wrote.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from gascore.thresholds import FIGURES

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- the ledger -----------------------------------------------------------------------------------
area = Table(
    "area",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("parent", Text, ForeignKey("area.id")),
)
profile = Table(
    "profile",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model", Text),
    Column("area", Text, ForeignKey("area.id")),
    *(Column(name, Float) for name in FIGURES),
)
supplier = Table(
    "supplier",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("gas", Text, nullable=False),
)
person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("phone", Text, nullable=False, index=True),
    Column("language", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("im", Text, nullable=False, server_default=""),
    Column("webhook", Text, nullable=False, server_default=""),
)
site = Table(
    "site",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("short_name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text, ForeignKey("area.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("supplier", Text, ForeignKey("supplier.id")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("opens", Text, nullable=False),
    Column("closes", Text, nullable=False),
)
room = Table(
    "room",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, ForeignKey("site.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("supply_gas", Text, nullable=False),
    Column("volume_m3", Float, nullable=False),
)
duty = Table(
    "duty",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("site", Text, ForeignKey("site.id"), index=True),
    UniqueConstraint("person", "role", "site"),
)
detector = Table(
    "detector",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("site", Text, ForeignKey("site.id"), nullable=False, index=True),
    Column("room", Text, ForeignKey("room.id"), nullable=False),
    Column("model", Text, nullable=False),
    Column("target", Text),
    Column("every_s", Float, nullable=False),
    Column("low_lel", Float),
    Column("high_lel", Float),
    Column("commissioned_ms", BigInteger),
    Column("retired_ms", BigInteger),
    Column("accepted_ms", BigInteger),
    Column("gateway", Text, index=True),
    CheckConstraint("no > 0 AND no < 1048576", name="no_fits_the_series_key"),
)

# Every version of a policy is kept; the highest one holds.
policy = Table(
    "policy",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
roster = Table(
    "roster",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# --- the journal ----------------------------------------------------------------------------------
journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detector", Text),
    Column("site", Text),
    Column("alarm", BigInteger),
    Column("body", LargeBinary, nullable=False),
    Index("ix_journal_kind_at", "kind", "at_ms"),
    Index("ix_journal_detector", "detector"),
    Index("ix_journal_alarm", "alarm"),
)
journal_block = Table(
    "journal_block",
    metadata,
    Column("first_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("last_id", BigInteger, nullable=False, unique=True),
    Column("sealed_ms", BigInteger, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
cursor = Table(
    "cursor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("journal_id", BigInteger, nullable=False),
)
# What a fold had come to at `journal_id`, so that it need not start at the first entry; may be deleted at any time.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("name", Text, primary_key=True),
    Column("journal_id", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# --- the collector --------------------------------------------------------------------------------
detector_state = Table(
    "detector_state",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("received_ms", BigInteger, nullable=False, index=True),
    Column("topic", Text, nullable=False),
    Column("detector", Text, index=True),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
service_status = Table(
    "service_status",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# --- alarms ---------------------------------------------------------------------------------------
alarm = Table(
    "alarm",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("open_key", Text, unique=True),
    Column("kind", Text, nullable=False),
    Column("site", Text),
    Column("detector", Text, index=True),
    Column("priority", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False, index=True),
    Column("closed_ms", BigInteger),
    # The alarm that stands for this one: a group's list is asked for by it.
    Column("inside", Integer, index=True),
    # The maintenance window that lies over it.
    Column("cover", Text, index=True),
    # Since when it counts as stale; NULL: it never does, or not now (`alerts.rules.stale`).
    Column("stale_from_ms", BigInteger, index=True),
    Column("body", LargeBinary, nullable=False),
    # One open alarm per key, enforced here: only an open alarm has an open_key.
    CheckConstraint(
        "(closed_ms IS NULL AND open_key = key) OR (closed_ms IS NOT NULL AND open_key IS NULL)",
        name="open_key_while_open",
    ),
)
escalation = Table(
    "escalation",
    metadata,
    Column("alarm", Integer, ForeignKey("alarm.id"), primary_key=True),
    Column("due_ms", BigInteger, index=True),
    # A hundred thousand silences may be due together: who goes first is in `alerts.rules.priority.rank_of`.
    Column("rank", Integer, nullable=False, server_default="1"),
    Column("body", LargeBinary, nullable=False),
    Index("ix_escalation_rank_due_ms", "rank", "due_ms"),
)
notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    # Stepping the same alarm twice after a crash must not tell anybody twice.
    Column("once_key", Text, nullable=False, unique=True),
    Column("alarm", Integer, ForeignKey("alarm.id"), index=True),
    Column("person", Text),
    Column("address", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("reply_code", Text),
    Column("due_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("lease_ms", BigInteger),
    Column("attempts", Integer, nullable=False),
    # When it is to be looked at (`alerts.rules.sending.wake_ms`), and which of one urgency goes first.
    Column("wake_ms", BigInteger, index=True),
    Column("rank", Integer, nullable=False, server_default="0"),
    Column("created_ms", BigInteger, nullable=False, server_default="0"),
    # When its newest request left: budgets count these.
    Column("begun_ms", BigInteger),
    Column("provider_id", Text, unique=True),
    Column("text", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_notice_begun", "address", "channel", "begun_ms"),
    # The codes that a phone was given are asked for with every text; those of closed alarms are NULL.
    Index("ix_notice_address", "address", "reply_code"),
)
hazard = Table(
    "hazard",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("alarm", Integer, ForeignKey("alarm.id"), nullable=False, index=True),
    # One open hazard per alarm, enforced here.
    Column("open_alarm", Integer, unique=True),
    Column("kind", Text, nullable=False),
    Column("site", Text, index=True),
    Column("detector", Text),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
    Column("body", LargeBinary, nullable=False),
)
# The newest annunciations and the flood that is on: one row.
alarm_load = Table(
    "alarm_load",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# --- whether people can be reached ----------------------------------------------------------------
contact_reach = Table(
    "contact_reach",
    metadata,
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False, index=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
# Only sites of which nobody can be reached.
site_unreached = Table(
    "site_unreached",
    metadata,
    Column("site", Text, primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
)

maintenance_window = Table(
    "maintenance_window",
    metadata,
    Column("id", Text, primary_key=True),
    Column("last_ms", BigInteger, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    # Where it stands: alerts writes it, whoever changes windows leaves it alone.
    Column("is_over", Boolean, nullable=False, index=True),
    Column("state", LargeBinary),
)

# --- what providers told us -----------------------------------------------------------------------
callback = Table(
    "callback",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("first_ms", BigInteger, nullable=False),
)

# --- people who sign in ---------------------------------------------------------------------------
user = Table(
    "user_account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
)
session = Table(
    "user_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user", Text, ForeignKey("user_account.name"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
