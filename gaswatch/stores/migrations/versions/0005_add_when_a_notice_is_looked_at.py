"""Add when a notice is to be looked at, its place among others, and when its request left."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wake_ms", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("rank", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("created_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("begun_ms", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_notice_begun", ["address", "channel", "begun_ms"], unique=False)
        batch_op.create_index("ix_notice_wake_ms", ["wake_ms"], unique=False)
    # As alerts.rules.sending.wake_ms has it. What was handed over or is unknown is asked about no more: it is old.
    op.execute(
        "UPDATE notice SET created_ms = due_ms, wake_ms = "
        "CASE state WHEN 'pending' THEN due_ms WHEN 'sending' THEN lease_ms END"
    )
