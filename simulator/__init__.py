"""Plays the town: rooms full of gas, detectors with their own MQTT connections, and people's phones."""
