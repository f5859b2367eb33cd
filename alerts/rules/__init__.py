"""What alerts decides: lifecycle, escalation, delivery, wording. Pure, no I/O."""
