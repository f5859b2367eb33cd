"""Runs the town on the clock: rooms, detectors, the story."""
