"""What the dashboard computes: the board, the stream, protection and uptime. Pure, no I/O."""
