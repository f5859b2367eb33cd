"""The collector at work: takes messages in, makes them durable, acknowledges, and watches the deadlines."""

from collector.service.collector import Collector
from collector.service.parts import Parts

__all__ = ["Collector", "Parts"]
