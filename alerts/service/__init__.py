"""Alarms and notices at work: the desk (journal -> alarms), the courier (outbox -> phones), the watch."""

from alerts.service.alerts import Alerts, Parts
from alerts.service.courier import Courier
from alerts.service.desk import Desk
from alerts.service.grouping import Grouping, Limits
from alerts.service.switchboard import Registered, Switchboard

__all__ = ["Alerts", "Courier", "Desk", "Grouping", "Limits", "Parts", "Registered", "Switchboard"]
