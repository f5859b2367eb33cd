"""Add the gateway of a detector, and the alarm that stands for another."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("detector", sa.Column("gateway", sa.Text(), nullable=True))
    op.add_column("alarm", sa.Column("inside", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_alarm_inside"), "alarm", ["inside"], unique=False)
