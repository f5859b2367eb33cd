"""The HTTP API, `/api/v1/…`: JSON, cursors, problem details (design 4.4)."""
