"""What the benchmarks under load share: a world to load, processes to run in it, and meters."""
