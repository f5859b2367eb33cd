"""From the journal to alarms, and from alarms to people: escalation, texts, receipts, replies."""
