"""MQTT in, decoded, supervised, judged; out come the time series and the journal."""
