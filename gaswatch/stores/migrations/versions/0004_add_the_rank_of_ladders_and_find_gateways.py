"""Add the rank of ladders; find the detectors behind a gateway."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_detector_gateway"), "detector", ["gateway"], unique=False)
    op.add_column("escalation", sa.Column("rank", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_escalation_rank_due_ms", "escalation", ["rank", "due_ms"], unique=False)
    # As alerts.rules.priority.rank_of has it: single silences after all else.
    op.execute(
        "UPDATE escalation SET rank = (SELECT CASE WHEN alarm.kind IN ('offline', 'unstable') THEN 5 "
        "ELSE alarm.priority END FROM alarm WHERE alarm.id = escalation.alarm)"
    )
