"""The time series in InfluxDB 1.x, 2.x or 3 Core: a durable spool, and a thread that empties it (docs/adr/0015)."""
