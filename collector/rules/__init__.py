"""What the collector decides: pure functions and tables, no I/O."""
