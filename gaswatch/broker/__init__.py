"""Our own broker: which program, its generated files, and where it is reached (docs/adr/0007)."""
