"""What scripts/benchmark.py measures, how, and how it tells it."""
