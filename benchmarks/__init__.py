"""Benchmarks behind `script/bench`; they print ratios and never run as timed unit tests."""
