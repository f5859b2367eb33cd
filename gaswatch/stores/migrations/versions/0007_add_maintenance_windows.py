"""Add maintenance windows, and find the alarms under one and the newest alarm of a key."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maintenance_window",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_window"),
    )
    op.create_index("ix_maintenance_window_is_over", "maintenance_window", ["is_over"], unique=False)
    op.create_index("ix_maintenance_window_last_ms", "maintenance_window", ["last_ms"], unique=False)
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cover", sa.Text(), nullable=True))
        batch_op.create_index("ix_alarm_cover", ["cover"], unique=False)
        batch_op.create_index("ix_alarm_key", ["key"], unique=False)
