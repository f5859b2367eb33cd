"""The outer ring: settings, stores, migrations, wiring, processes and the `gaswatch` command."""

__version__ = "0.1.0"
