"""Alarms and notices at work: the desk (journal -> alarms), the courier (outbox -> phones), the watch."""
