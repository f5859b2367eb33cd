"""Add whether people can be reached."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_reach",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_contact_reach")),
    )
    with op.batch_alter_table("contact_reach", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_reach_state"), ["state"], unique=False)

    op.create_table(
        "site_unreached",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_site_unreached")),
    )
