"""What people see: the live console, detectors, compliance, the HTTP API and webhooks."""
