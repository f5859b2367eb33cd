"""Add hazards, the load of alarms, and since when an alarm counts as stale."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hazard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.Integer(), nullable=False),
        sa.Column("open_alarm", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("detector", sa.Text(), nullable=True),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["alarm"], ["alarm.id"], name=op.f("fk_hazard_alarm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard")),
        sa.UniqueConstraint("open_alarm", name=op.f("uq_hazard_open_alarm")),
    )
    op.create_index(op.f("ix_hazard_alarm"), "hazard", ["alarm"], unique=False)
    op.create_index(op.f("ix_hazard_site"), "hazard", ["site"], unique=False)
    op.create_table(
        "alarm_load",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alarm_load")),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stale_from_ms", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_alarm_stale_from_ms", ["stale_from_ms"], unique=False)
    # As alerts.rules.stale.HAZARDOUS has it; all of these are active as long as they are open.
    op.execute(
        "UPDATE alarm SET stale_from_ms = opened_ms WHERE closed_ms IS NULL AND inside IS NULL AND kind IN "
        "('fault', 'offline', 'never_reported', 'wrong_gas', 'trend', 'outage', 'unstable')"
    )
