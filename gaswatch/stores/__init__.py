"""SQL and time-series stores. Each implements a port that a service owns."""
