"""The English words of people: who they are, how they are told, and whether they can be reached."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "role": {
        "owner": "Owner",
        "safety_officer": "Safety officer",
        "maintenance": "Service technician",
        "supplier_dispatch": "Supplier's dispatch",
        "grid_worker": "Grid worker",
        "shift_leader": "Shift leader",
        "duty_officer": "Duty officer",
        "console": "The board",
        "person": "By name",
        "roster": "On duty",
        "body": "External body",
    },
    "user_role": {"operator": "Operator", "inspector": "Inspector", "admin": "Administrator"},
    "channel": {
        "sms": "SMS",
        "voice": "Call",
        "email": "E-mail",
        "im": "Group chat",
        "webhook": "Webhook",
        "console": "Console",
    },
    "purpose": {
        "raised": "alarm",
        "worse": "got worse",
        "repeat": "reminder",
        "cleared": "all clear",
        "answer": "answer",
        "test": "test of the phone",
    },
    "notice": {
        "pending": "queued",
        "sending": "sending",
        "handed_over": "handed over",
        "delivered": "delivered",
        "undelivered": "not delivered",
        "refused": "refused",
        "unknown": "no answer from the provider",
        "expired": "too late",
        "superseded": "not needed any more",
    },
    "reach": {"unverified": "not proven yet", "reachable": "yes", "unreachable": "no"},
    "reach_why": {"stopped": "wrote STOP", "refused": "refused", "undelivered": "texts do not arrive"},
    "reach_by": {"sms": "a text arrived", "voice": "a key in a call", "reply": "a reply"},
}
