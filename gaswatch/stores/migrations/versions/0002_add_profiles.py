"""Add profiles and let a detector's set points be left to them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("low_lel", sa.Float(), nullable=True),
        sa.Column("high_lel", sa.Float(), nullable=True),
        sa.Column("co_low", sa.Float(), nullable=True),
        sa.Column("co_high", sa.Float(), nullable=True),
        sa.Column("hysteresis", sa.Float(), nullable=True),
        sa.Column("clear_delay_s", sa.Float(), nullable=True),
        sa.Column("offline_delay_s", sa.Float(), nullable=True),
        sa.Column("trend_lel", sa.Float(), nullable=True),
        sa.Column("trend_s", sa.Float(), nullable=True),
        sa.Column("rise_lel", sa.Float(), nullable=True),
        sa.Column("rise_s", sa.Float(), nullable=True),
        sa.Column("methane_on_lpg", sa.Float(), nullable=True),
        sa.Column("methane_on_lpg_max", sa.Float(), nullable=True),
        sa.Column("lpg_on_methane", sa.Float(), nullable=True),
        sa.Column("lpg_on_methane_max", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_profile_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
    )
    # A CHECK is not carried over by itself when SQLite gets the table anew.
    check = sa.CheckConstraint("no > 0 AND no < 1048576", name=op.f("ck_detector_no_fits_the_series_key"))
    with op.batch_alter_table("detector", schema=None, table_args=(check,)) as batch_op:
        batch_op.alter_column("low_lel", existing_type=sa.FLOAT(), nullable=True)
        batch_op.alter_column("high_lel", existing_type=sa.FLOAT(), nullable=True)

    # Nobody had to choose these: they were what a detector got that came without set points.
    op.execute("UPDATE detector SET low_lel = NULL, high_lel = NULL WHERE low_lel = 25 AND high_lel = 50")
